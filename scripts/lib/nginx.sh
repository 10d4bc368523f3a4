# The nginx of a state: its certificate, its configuration, its process.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

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

prepare_nginx() {
  local share=$state/app/share/tasklane said
  make_certificate
  rm -rf -- "${state:?}/nginx"
  own 755 '' "$state/nginx"
  "$state/app/bin/tasklane" nginx-config --alone --templates "$share/nginx" --out "$state/nginx" --docs "$share/docs" \
    --env-file "$state/tasklane.env" >/dev/null || fail 1 "nginx's configuration could not be rendered"
  said=$(nginx -t -e "$state/log/nginx-error.log" -p "$state/" -c "$state/nginx/nginx.conf" 2>&1) ||
    fail 1 "nginx refuses its configuration: $said"
}

# -e: not the system's log, which nginx would open before it has read its configuration.
start_nginx() {
  launch nginx nginx-error.log nginx -e "$state/log/nginx-error.log" -p "$state/" -c "$state/nginx/nginx.conf" -g 'daemon off;'
}
