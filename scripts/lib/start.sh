# Starting a prepared state, step by step, and undoing it when a step fails.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

setting() { sed -n "s/^$1=//p" <<<"$in_force"; }  # NAME: its effective value; secrets are masked

# Nothing is started, or changed, before the configuration is whole.
check_configuration() {  # started | changed
  in_force=$("${as_service[@]}" "$state/app/bin/tasklane" check --show --env-file "$into/tasklane.env") ||
    fail 100 "nothing was $1"
  url=https://$(reachable_as "$(setting LISTEN_ADDRESSES)"):$(setting HTTPS_PORT)
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
  for name in HTTPS_PORT HTTP_PORT OPERATIONS_LISTEN; do
    number=$(setting "$name") number=${number##*:}
    [ "$number" = off ] || ! listening "$number" || own_port "$number" || fail 1 "port $number ($name) is in use; choose another with --port"
  done
}

start_master() {
  launch master tasklane.log "${as_service[@]}" "$state/app/bin/tasklane-master" --env-file "$state/tasklane.env" \
    --pid-file "$state/run/master.pid"
}

status_of() { curl -gsk --noproxy '*' -m 5 -o /dev/null -w '%{http_code}' "$1" 2>/dev/null || true; }

# Without a command substitution: bash 5.2 can take a trap for a part of the one that it reads just then.
wait_until_ready() {
  say "waiting for $url/readyz"
  for _ in {1..300}; do
    if status_of "$url/readyz" | grep -qx 200; then printf '%s\n' "$url" >"$state/url"; return; fi
    runs master || fail 1 "the master has ended"
    sleep 0.1
  done
  fail 1 "$url/readyz does not say yes"
}
