# Changes of a host that `tasklane setup` made, while it serves.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

url=https://tasks.test secrets=/etc/tasklane/credentials
here=(--noproxy '*' --cacert /etc/tasklane/tls/fullchain.pem --capath /etc/ssl/certs --resolve tasks.test:443:127.0.0.1)
serves() { curl -fsS "${here[@]}" $url/readyz && curl -fsS "${here[@]}" -o /dev/null $url/sign-up; }
master() { systemctl show --property=MainPID --value tasklane; }
workers() { pgrep -P "$(master)" | sort | paste -sd' '; }
differ() { [ "$1" != "$2" ]; }

# A user's token, for a few minutes of load.
sign_up() {
  curl -fsS "${here[@]}" -c jar -H "Origin: $url" -H 'Content-Type: application/json' -o /dev/null \
    --data '{"email": "load@tasks.test", "password": "a password for load", "name": "Load"}' $url/api/auth/sign-up/email
  get_token
}
get_token() { curl -fsS "${here[@]}" -b jar -H "Origin: $url" $url/api/auth/token | jq -r '"Authorization: Bearer " + .token' >token; }
start_load() {
  rm -f reads writes
  curl -sS --no-progress-meter "${here[@]}" -Z --parallel-max 4 -H @token -o /dev/null -w '%{http_code}\n' "$url/api/tasks?n=[1-1000000]" >reads 2>trouble &
  curl -sS --no-progress-meter "${here[@]}" -Z --parallel-max 4 -H @token -H 'Content-Type: application/json' --data '{"title": "load"}' \
    -o /dev/null -w '%{http_code}\n' "$url/api/tasks?n=[1-1000000]" >writes 2>>trouble &
  until_true test -s writes
}
stop_load() { kill %1 %2; wait %1 %2 2>/dev/null || true; }
none_failed() { is "$(grep -hvE '^20[01]$' reads writes | sort | uniq -c | head -n 3)" "" && [ "$(cat reads writes | wc -l)" -gt 100 ]; }

repack() {  # PACKAGE SUFFIX: the same with a newer version
  dpkg-deb --raw-extract ./"$1"_[0-9]*.deb unpacked
  sed -i "s/^Version: .*/&$2/" unpacked/DEBIAN/control
  dpkg-deb -Znone --build unpacked "new_$1.deb" >/dev/null
  rm -r unpacked
}
packed() { dpkg-deb --field ./"$1"_[0-9]*.deb Version; }
version_of() { dpkg-query --show --showformat '${Version}' "$1"; }

check_changes() {
  local number before
  repack tasklane +1
  repack tasklane-web +1
  check "a user signs up" sign_up
  start_load
  number=$(master) before=$(workers)
  check "under load: a reload" systemctl reload tasklane
  check "under load: an upgrade" apt-get --yes install ./new_tasklane.deb
  check "the version is the new one, the process the same" is "$(version_of tasklane) $(master)" "$(packed tasklane)+1 $number"
  check "the workers are new ones" differ "$(workers)" "$before"
  check "under load: the upgrade of the web app" apt-get --yes install ./new_tasklane-web.deb
  check "under load: a set-up, which migrates and renders anew" set_up
  before=$(workers)
  check "under load: a rollback of the API" apt-get --yes --allow-downgrades install ./tasklane_[0-9]*.deb
  check "the workers are new ones" differ "$(workers)" "$before"
  stop_load
  check "no request failed, of $(cat reads writes | wc -l)" none_failed
  check "a rollback of the web app" apt-get --yes --allow-downgrades install ./tasklane-web_[0-9]*.deb
  check "the API serves, and the page to sign up at" serves
  check "the other site serves on" neighbour
}

check_wrong_configuration() {
  echo LOG_LEVEL=loud >>/etc/tasklane/tasklane.env
  check "a reload with a wrong configuration fails" fails systemctl reload tasklane
  check "the API serves on" serves
  check "so does a restart, with status 100" fails systemctl restart tasklane
  check "so it is" is "$(systemctl show --property=ExecMainStatus --value tasklane)" 100
  sed -i '$d' /etc/tasklane/tasklane.env
  systemctl reset-failed tasklane.socket tasklane.service
  check "corrected, it starts" systemctl restart tasklane.socket tasklane.service
  check "and serves" until_true serves
}
