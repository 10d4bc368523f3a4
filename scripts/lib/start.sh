# Starting a prepared state, step by step, and undoing it when a step fails.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

setting() { sed -n "s/^$1=//p" <<<"$in_force"; }  # NAME: its effective value; secrets are masked

# Nothing is started before the configuration is whole.
check_configuration() {
  in_force=$("${as_service[@]}" "$state/app/bin/tasklane" check --show --env-file "$state/tasklane.env") ||
    fail 100 "nothing was started"
  host=$(setting LISTEN_ADDRESS)
  case $host in 0.0.0.0) host=127.0.0.1 ;; '[::]') host='[::1]' ;; esac
  url=https://$host:$(setting HTTPS_PORT)
}

check_ports() {
  local name hexadecimal
  for name in HTTPS_PORT HTTP_PORT; do
    hexadecimal=$(printf '%04X' "$(setting "$name")")
    if grep -qsE "^ *[0-9]+: [0-9A-F]+:$hexadecimal [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6; then
      fail 1 "port $(setting "$name") ($name) is in use; choose another with --port"
    fi
  done
}

make_certificate() {
  local certificate=$state/tls/cert.pem key=$state/tls/key.pem
  [ "$(setting TLS_CERTIFICATE)" = "$certificate" ] || return 0
  if openssl x509 -in "$certificate" -noout -checkend 604800 >/dev/null 2>&1 && [ -s "$key" ]; then return 0; fi
  say "making a self-signed certificate"
  (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 825 -keyout "$key" \
    -out "$certificate" -config /dev/stdin >"$state/log/openssl.log" 2>&1) <<'TEXT' || fail 1 "openssl failed: $state/log/openssl.log"
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
TEXT
  chmod 644 "$certificate"
}

render_nginx() {
  local share=$state/app/share/tasklane said
  rm -rf -- "${state:?}/nginx"
  own 755 '' "$state/nginx"
  "$state/app/bin/tasklane" nginx-config --templates "$share/nginx" --out "$state/nginx" --docs "$share/docs" \
    --env-file "$state/tasklane.env" >/dev/null || fail 1 "nginx's configuration could not be rendered"
  said=$(nginx -t -e "$state/log/nginx-error.log" -p "$state/" -c "$state/nginx/nginx.conf" 2>&1) ||
    fail 1 "nginx refuses its configuration: $said"
}

start_master() {
  launch master tasklane.log "${as_service[@]}" "$state/app/bin/tasklane-master" --env-file "$state/tasklane.env" \
    --pid-file "$state/run/master.pid"
}

# -e: not the system's log, which nginx would open before it has read its configuration.
start_nginx() {
  launch nginx nginx-error.log nginx -e "$state/log/nginx-error.log" -p "$state/" -c "$state/nginx/nginx.conf" -g 'daemon off;'
}

status_of() { curl -gsk --noproxy '*' -m 5 -o /dev/null -w '%{http_code}' "$1/readyz" 2>/dev/null || true; }

wait_until_ready() {
  say "waiting for $url/readyz"
  for _ in {1..300}; do
    if [ "$(status_of "$url")" = 200 ]; then printf '%s\n' "$url" >"$state/url"; return; fi
    [ -n "$(pid_of master)" ] || fail 1 "the master has ended"
    sleep 0.1
  done
  fail 1 "$url/readyz does not say yes"
}
