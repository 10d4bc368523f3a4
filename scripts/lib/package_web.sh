# The package of the web app, tasklane-web: what `npm run build` makes, units, and where Debian's own is too old, Node.js.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, node.sh, frontend_build.sh and scripts/package

# Next.js needs Node.js 20.9: Debian 13 has it, Debian 12 has 18.
# shellcheck source=/dev/null
debian_has_node() { (. /etc/os-release && [ "${VERSION_ID:-13}" -ge 13 ]); }

# Prints nothing; the package is in $work/package afterwards.
pack_web() {
  local version=$1 root=$work/web architecture=all program=/usr/bin/node depends="nodejs (>= 20.9)"
  state=$builds/package as_service=() without="scripts/package --no-web packs the API alone"
  mkdir -p -- "$state/log"
  exec 7>>"$state/lock"
  flock -w 1800 7 || fail 1 "another scripts/package has been packing the web app for half an hour"
  find_node
  install_frontend
  umask 022
  mkdir -p -- "$root/usr/share" "$root/usr/libexec/tasklane-web"
  cp -a -- "$state/frontend/app" "$root/usr/share/tasklane-web"
  if ! debian_has_node; then
    program=/usr/lib/tasklane-web/node architecture=$(dpkg --print-architecture) depends="libc6 (>= 2.28), libgcc-s1, libstdc++6"
    node=$state/node/bin/node
    [ "$("$node" --version 2>/dev/null)" = "v$node_version" ] || fetch_node
    mkdir -p -- "$root/usr/lib/tasklane-web"
    strip -o "$root$program" "$node"
  fi
  place_units
  printf '#!/bin/sh\n# Brings the tables of Better Auth up to date: DATABASE_URL_FILE names the file with their owner'"'"'s URL.\nexec %s /usr/share/tasklane-web/migrate.mjs\n' \
    "$program" >"$root/usr/libexec/tasklane-web/migrate"
  cat >"$root/usr/libexec/tasklane-web/users" <<TEXT
#!/bin/sh
# What \`tasklane user\` asks of Better Auth, with the service's configuration and secrets, as root.
export NODE_ENV=production DATABASE_URL_FILE=/etc/tasklane/credentials/WEB_DATABASE_URL
export BETTER_AUTH_SECRETS_FILE=/etc/tasklane/credentials/WEB_BETTER_AUTH_SECRETS
exec $program --env-file=/etc/tasklane/web.env /usr/share/tasklane-web/users.mjs "\$@"
TEXT
  chmod 755 "$root/usr/libexec/tasklane-web/migrate" "$root/usr/libexec/tasklane-web/users"
  document_web
  control_web
  chmod -R go=rX "$root"
  dpkg-deb --root-owner-group -Zxz -z1 --build "$root" "$work/package/tasklane-web_${version}_$architecture.deb" >"$work/log" ||
    { cat "$work/log" >&2; fail 1 "dpkg-deb failed"; }
  exec 7>&-
}
