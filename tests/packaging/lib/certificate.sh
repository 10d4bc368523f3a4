# A certificate by certbot from a small ACME server on loopback (pebble), which takes the place of Let's Encrypt.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

with_pebble() { command -v certbot pebble >/dev/null; }
# It would refuse nonces by chance, as exercise; certbot 2.1 fails when that happens twice in a row.
start_pebble() {
  make_authority
  systemd-run --quiet --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 pebble -config /root/acme/pebble.json
  until_true curl -fsS --noproxy '*' --cacert acme/cert.pem -o acme/root.pem https://127.0.0.1:15000/roots/0
  cp acme/cert.pem /usr/local/share/ca-certificates/acme.crt
  cp acme/root.pem /usr/local/share/ca-certificates/acme-root.crt
  update-ca-certificates --fresh
}
make_authority() {
  [ ! -e acme ] || return 0
  mkdir acme
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 7 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout acme/key.pem -out acme/cert.pem
  jq -n '{pebble: {listenAddress: "127.0.0.1:14000", managementListenAddress: "127.0.0.1:15000", httpPort: 80, tlsPort: 443,
    certificate: "/root/acme/cert.pem", privateKey: "/root/acme/key.pem"}}' >acme/pebble.json
  echo '127.0.0.1 tasks.test' >>/etc/hosts
  echo 'server = https://127.0.0.1:14000/dir' >>/etc/letsencrypt/cli.ini
}
served() { openssl s_client -connect 127.0.0.1:443 -servername tasks.test </dev/null 2>/dev/null | openssl x509 -noout "$@"; }
renewed() { differ "$1" "$(served -serial)"; }
# Every certificate of this server's lasts for years.
due() { sed -i 's/^.*renew_before_expiry = .*/renew_before_expiry = 4000 days/' /etc/letsencrypt/renewal/tasks.test.conf; }

# That server has forgotten all of the first one: account, root.
get_certificate_again() { rm -rf /etc/letsencrypt/accounts && start_pebble && set_up --certbot operator@tasks.test && serves; }
no_certificate() { is "$(ls /etc/letsencrypt/live/tasks.test /etc/letsencrypt/renewal/tasks.test.conf 2>/dev/null)" ""; }

check_certificate() {
  with_pebble || { echo "--    without certbot and pebble: no certificate is asked for"; return; }
  local serial
  check "an ACME server runs" start_pebble
  check "setup gets a certificate by certbot, and verifies the site with it" set_up --certbot operator@tasks.test
  check "nginx serves it" grep -i pebble <(served -issuer)
  remember
  check "a second time changes nothing" set_up --certbot operator@tasks.test
  check "so it is" unchanged
  serial=$(served -serial)
  due
  check "a renewal by the unit of certbot's timer" systemctl start certbot.service
  check "the deploy hook has reloaded nginx, which serves the new one" until_true renewed "$serial"
  check "the other site serves on" neighbour
}
