# Starting a prepared state, step by step, and undoing it when a step fails.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

setting() { sed -n "s/^$1=//p" <<<"$in_force"; }  # NAME: its effective value; secrets are masked

# Nothing is started, or changed, before the configuration is whole.
check_configuration() {  # started | changed
  in_force=$("${as_service[@]}" "$state/app/bin/tasklane" check --show --env-file "$into/tasklane.env") ||
    fail 100 "nothing was $1"
  served=HTTPS_PORT url=https
  [ "$(setting TLS)" = on ] || served=HTTP_PORT url=http
  url+=://$(reachable_as "$(setting LISTEN_ADDRESSES)"):$(setting "$served")
  check_ports
}

reachable_as() {  # LISTEN_ADDRESSES: where this host finds the first of them
  case ${1%%,*} in '' | 0.0.0.0) printf 127.0.0.1 ;; '[::]') printf '[::1]' ;; *) printf '%s' "${1%%,*}" ;; esac
}

listening() {  # PORT
  grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6
}

own_port() { runs nginx && grep -qsE "^ *listen .*:$1[ ;]" "$state"/nginx/tasklane*.conf; }  # PORT

check_ports() {
  local name number
  for name in "$served" HTTP_PORT OPERATIONS_LISTEN; do
    number=$(setting "$name") number=${number##*:}
    [ "$number" = off ] || ! listening "$number" || own_port "$number" || fail 1 "port $number ($name) is in use; choose another with --port"
  done
}

start_master() {
  launch master tasklane.log "${as_service[@]}" "$state/app/bin/tasklane-master" --env-file "$state/tasklane.env" \
    --pid-file "$state/run/master.pid"
}

status_of() {  # URL [OPTION]…
  curl -gsk --noproxy '*' -m 5 -o /dev/null -w '%{http_code}' "$@" 2>/dev/null || true
}
readiness() {  # URL: of a nginx that may want PROXY protocol
  local how=()
  ! grep -qs '^ *listen .* proxy_protocol' "$state"/nginx/tasklane*.conf || how=(--haproxy-protocol)
  status_of "$1/readyz" "${how[@]}"
}

# Without a command substitution: bash 5.2 can take a trap for a part of the one that it reads just then.
wait_until_ready() {
  say "waiting for $url/readyz"
  for _ in {1..300}; do
    if readiness "$url" | grep -qx 200; then printf '%s\n' "$url" >"$state/url"; return; fi
    runs master || fail 1 "the master has ended"
    sleep 0.1
  done
  fail 1 "$url/readyz does not say yes"
}
