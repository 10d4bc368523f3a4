# What a removal and a purge take away, and what they leave.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

database_there() { runuser -u postgres -- psql -Xqtc 'SELECT count(*) FROM "user"' tasklane; }
operators_files() { cat /etc/tasklane/credentials/MINE && grep -q '^# mine$' /etc/tasklane/tls/fullchain.pem; }
left_behind() {
  find /etc /run /usr /var/lib -path '/usr/share/doc/*' -prune -o -name '*tasklane*' ! -path '*/dpkg/*' ! -path '*/apt/*' ! -path '*/systemd/*' -print
  grep -l tasklane /etc/passwd /etc/group || true
  find /etc/tasklane /var/log/nginx/tasklane* 2>/dev/null || true
}

# Files of the operator's: one of that name, and a certificate in the place of the self-signed one.
leave_files() {
  echo mine >/etc/tasklane/credentials/MINE
  echo '# mine' >>/etc/tasklane/tls/fullchain.pem
}

check_remove() {
  leave_files
  check "a dry run of a removal prints it" grep '^rm -f .*sites-enabled/tasklane.conf' <(tasklane setup --remove --dry-run)
  check "setup --remove" tasklane setup --remove --yes
  check "the other site serves on" neighbour
  check "the site is gone" fails ls /etc/nginx/sites-enabled/tasklane.conf /etc/nginx/sites-available/tasklane.conf
  check "so are the secrets that it made" fails ls /etc/tasklane/credentials/DATABASE_URL
  check "the data is there" database_there
  check "so are the operator's files" operators_files
  rm /etc/tasklane/credentials/MINE /etc/tasklane/tls/fullchain.pem
}

# Another site of the operator's, with our certificate: nginx could not start without that.
use_certificate() {
  printf 'server { listen 127.0.0.1:8443 ssl; ssl_certificate %s; ssl_certificate_key %s; }\n' \
    /etc/tasklane/tls/fullchain.pem /etc/tasklane/tls/privkey.pem >/etc/nginx/conf.d/ours.conf
}

check_purge() {
  leave_files
  use_certificate
  check "the packages are removed" dpkg --remove tasklane-web tasklane
  check "the other site serves on" neighbour
  check "nginx could start again: the site is gone" fails ls /etc/nginx/sites-enabled/tasklane.conf
  check "and purged" dpkg --purge tasklane-web tasklane
  check "the other site serves on" neighbour
  check "the data is there" database_there
  check "so are the operator's files" operators_files
  check "so is the key that another site of nginx names" test -s /etc/tasklane/tls/privkey.pem
  rm -r /etc/tasklane /etc/nginx/conf.d/ours.conf
  check "nothing else is left" is "$(left_behind)" ""
}
