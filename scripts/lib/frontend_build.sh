# Building the web app: once per content into build/frontend/HASH, for all states; a state runs a copy of its own.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, node.sh and scripts/up

builds=$project/build/frontend

# Paths of what the web app is made of, each with a NUL behind it. A developer's own .env files are no part of it.
frontend_sources() {
  cd "$project" && find frontend docs/openapi.yaml -type d \( -name node_modules -o -name .next -o -name build \) -prune -o \
    -type f ! -name '.env' ! -name '.env*.local' ! -name 'next-env.d.ts' ! -path frontend/src/api/schema.d.ts ! -name '*.tsbuildinfo' -print0 | LC_ALL=C sort -z
}

frontend_hash() {
  frontend_sources | (cd "$project" && xargs -0 sha256sum) | sha256sum | cut -c1-16
}

# Sets nothing; afterwards STATE/frontend has app/ (server.js and what it needs) and www/ (what nginx serves).
install_frontend() {
  local hash
  hash=$(frontend_hash)
  mkdir -p -- "$builds"
  exec 8>>"$builds/lock"
  flock -n 8 || say "waiting for another scripts/up that builds the web app"
  flock -w 1800 8 || fail 1 "another scripts/up has been building the web app for half an hour"
  [ -e "$builds/$hash/app/server.js" ] || build_frontend "$hash"
  rm -rf -- "$state/frontend"
  cp -a -- "$builds/$hash" "$state/frontend"
  [ "$(id -u)" -ne 0 ] || chown -R root:root "$state/frontend"
  chmod -R go=rX "$state/frontend"
  exec 8>&-
}

# In a tree of its own, so that nobody's node_modules is touched. Packages stay there for the next build.
build_frontend() {
  local tree=$builds/tree done=$builds/new lock log=$state/log/frontend-build.log
  say "building the web app (a minute or two; $log)"
  mkdir -p -- "$tree"
  find "$tree" -mindepth 2 -maxdepth 2 ! -name node_modules ! -name .packages -exec rm -rf -- {} +
  frontend_sources | (cd "$project" && xargs -0 cp --parents -t "$tree" --)
  lock=$(sha256sum <"$tree/frontend/package-lock.json")
  : >"$log"
  if [ "$lock" != "$(cat "$tree/frontend/.packages" 2>/dev/null)" ]; then
    rm -f -- "$tree/frontend/.packages"
    frontend_step "npm could not install the web app's packages" "${npm[@]}" ci --ignore-scripts --no-audit --no-fund
    printf '%s\n' "$lock" >"$tree/frontend/.packages"
  fi
  frontend_step "the web app does not build" "${npm[@]}" run build
  rm -rf -- "$done"
  mkdir -p -- "$done/www/_next"
  cp -a -- "$tree/frontend/.next/standalone" "$done/app"
  ln -s ../../app/.next/static "$done/www/_next/static"
  mv -T -- "$done" "$builds/$1"
  find "$builds" -mindepth 1 -maxdepth 1 -type d -name '????????????????' -printf '%T@ %p\0' | sort -zrn | tail -zn +4 |
    cut -zd' ' -f2- | xargs -0r rm -rf --  # the three newest are enough
}

# SENTENCE COMMAND…: in the tree; what it says goes to the log, and its end is shown when it fails. Of our environment it
# gets what leads to the registry, and no secret.
frontend_step() {
  (
    cd "$builds/tree/frontend"
    passed_on='^(HOME|PATH|LANG|TMPDIR|(npm|NPM)_.*|.*_(proxy|PROXY)|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$'
    for name in $(compgen -e); do [[ $name =~ $passed_on ]] || unset "$name"; done
    PATH=$(dirname "$node"):$PATH NEXT_TELEMETRY_DISABLED=1 CI=1 exec "${@:2}"
  ) >>"$log" 2>&1 </dev/null && return
  tail -n 60 "$log" >&2
  fail 1 "$1. $without"
}
