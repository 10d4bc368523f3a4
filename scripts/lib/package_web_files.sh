# What the package of the web app has besides the web app: units, documents, control files.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by package_web.sh and scripts/package

place_units() {
  local units=$root/usr/lib/systemd/system template=$project/packaging/systemd/tasklane-web.service.in
  mkdir -p -- "$units"
  sed "s|@NODE@|$program|; s|@USER@||; s|@FOLDER@||" "$template" >"$units/tasklane-web.service"
  sed "s|@NODE@|$program|; s|@USER@|-%i|; s|@FOLDER@|/%i|" "$template" >"$units/tasklane-web@.service"
}

document_web() {
  local doc=$root/usr/share/doc/tasklane-web app=$root/usr/share/tasklane-web
  mkdir -p -- "$doc"
  sed 's/^tasklane (/tasklane-web (/' "$project/packaging/debian/changelog" | gzip -9n >"$doc/changelog.gz"
  {
    cat "$project/packaging/debian/copyright"
    printf '\nThe packages of others that the web app is built of, in node_modules and in its\npages, come under their own licences: LICENCES.gz in this folder.\n'
    debian_has_node || printf '\n/usr/lib/tasklane-web/node is Node.js %s of the npm registry, whose licence is\nNODE.gz in this folder.\n' "$node_version"
  } >"$doc/copyright"
  gzip -9n <"$app/LICENCES" >"$doc/LICENCES.gz"
  override_lintian
  rm -- "$app/LICENCES"
}

# What is packed as its makers published it: a file of a package, and Node.js with the libraries that it brings along.
override_lintian() {
  local overrides=$root/usr/share/lintian/overrides
  mkdir -p -- "$overrides"
  echo 'tasklane-web: national-encoding' >"$overrides/tasklane-web"
  debian_has_node && return
  gzip -9n <"$state/node/LICENSE" >"$doc/NODE.gz"
  printf 'tasklane-web: %s\n' embedded-library hardening-no-pie >>"$overrides/tasklane-web"
}

control_web() {
  local part
  mkdir -p -- "$root/DEBIAN"
  for part in postinst prerm postrm; do cp -- "$project/packaging/debian/tasklane-web.$part" "$root/DEBIAN/$part"; done
  (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  cat >"$root/DEBIAN/control" <<TEXT
Package: tasklane-web
Version: $version
Architecture: $architecture
Section: web
Priority: optional
Maintainer: The Tasklane maintainers <maintainers@tasklane.example>
Depends: curl, $depends
Recommends: tasklane
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Description: web app of the Tasklane task API
 The pages at which people sign up, sign in and keep their tasks: a Next.js
 server with Better Auth, behind nginx. \`tasklane setup\` configures and starts
 it; nothing starts before.
TEXT
}
