# Node.js for the web app: the machine's when it will do, else from the npm registry, into STATE/node.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, state.sh and scripts/up

node_version=22.23.3 npm_version=10.9.9
npm_sum=1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==
declare -A node_sums=(
  [x64]=qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==
  [arm64]=l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==
)
without="scripts/up --no-frontend serves the API alone"

# PATH: whether it is a Node of 20.9 or newer that the services' user can run, too.
fit() {
  local version
  version=$("${as_service[@]}" "$1" --version 2>/dev/null) || return 1
  [[ $version =~ ^v([0-9]+)\.([0-9]+)\. ]] || return 1
  [ $((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2])) -ge 20009 ]
}

# Sets $node and $npm (a command). Nothing is started before both are there.
find_node() {
  node=$(command -v node || true)
  npm=("$(command -v npm || true)")
  if [ -n "$node" ] && fit "$node"; then
    [ -z "${npm[0]}" ] || return 0
  else
    node=$state/node/bin/node
    fit "$node" || fetch_node
  fi
  npm=("$node" "$state/node/npm/bin/npm-cli.js")
  [ -e "${npm[1]}" ] || fetch npm "$npm_version" "$npm_sum" npm
}

fetch_node() {
  local machine
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) fail 1 "the web app needs Node.js 20.9 or newer on the PATH: the npm registry has none for $(uname -m). $without" ;;
  esac
  fetch "node-linux-$machine" "$node_version" "${node_sums[$machine]}" bin
  fit "$node" || fail 1 "$node does not run on this machine; put Node.js 20.9 or newer on the PATH. $without"
}

# NAME: what the environment, else ~/.npmrc, tells npm. npm itself may not be here to be asked.
npm_setting() {
  local in_environment
  for in_environment in "npm_config_$1" "NPM_CONFIG_${1^^}"; do
    if [ -n "${!in_environment:-}" ]; then printf '%s' "${!in_environment}"; return; fi
  done
  sed -nE "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" ~/.npmrc 2>/dev/null | tail -n 1 || true
}

# PACKAGE VERSION SHA512 PART: a package of the registry, checked, and its PART (npm: all of it) at STATE/node/PART.
fetch() {
  local registry cafile trust=() work=$state/node/new said
  registry=$(npm_setting registry)
  registry=${registry%/}
  : "${registry:=https://registry.npmjs.org}"
  say "getting $1 $2 from $registry"
  rm -rf -- "$work"
  mkdir -p -- "$work"
  for cafile in "$(npm_setting cafile)" "${NODE_EXTRA_CA_CERTS:-}"; do
    [ ! -r "$cafile" ] || cat -- "$cafile" >>"$work/trusted"
  done
  if [ -e "$work/trusted" ]; then cat /etc/ssl/certs/ca-certificates.crt >>"$work/trusted"; trust=(--cacert "$work/trusted"); fi
  said=$(curl -fsSL --connect-timeout 10 --max-time 600 --retry 2 "${trust[@]}" -o "$work/package.tgz" \
    "$registry/$1/-/$1-$2.tgz" 2>&1) ||
    fail 1 "the web app needs Node.js 20.9 or newer and npm; $1 $2 cannot be had from $registry (${said##*curl: }). Put them on the PATH, or: $without"
  [ "$(openssl dgst -sha512 -binary "$work/package.tgz" | base64 -w0)" = "$3" ] ||
    fail 1 "$1 $2 from $registry is not what it should be: its checksum differs. $without"
  tar -xzf "$work/package.tgz" -C "$work" --no-same-owner
  rm -rf -- "$state/node/$4"
  cp -- "$work/package/LICENSE" "$state/node/" 2>/dev/null || true
  if [ "$4" = npm ]; then mv -T -- "$work/package" "$state/node/npm"; else mv -T -- "$work/package/$4" "$state/node/$4"; fi
  rm -rf -- "$work"
}
