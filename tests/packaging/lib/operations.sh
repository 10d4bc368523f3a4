# Maintenance and read-only, over restarts.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

answers() {  # STATUS TEXT CURL-ARGUMENT…: with that text in the body
  is "$(curl -sS "${here[@]}" -D heads -o answer -w '%{http_code}' "${@:3}")" "$1" && grep -F -- "$2" answer
}
reads() { answers 200 '[' -H @token "$url/api/tasks?limit=1"; }
creates() { answers "$1" "$2" -H @token -H 'Content-Type: application/json' --data '{"title": "operations"}' "$url/api/tasks"; }  # STATUS TEXT
restarted() { systemctl restart tasklane nginx && until_true curl -fsS "${here[@]}" "$url/readyz"; }

closed() {
  answers 503 '"error_type":"maintenance"' -H @token "$url/api/tasks" && grep -F '"message":"Back at noon"' answer && grep -i '^retry-after: 60' heads &&
    answers 503 'Back at noon' "$url/sign-in" && grep -i '^content-type: text/html' heads && grep -i '^retry-after: 60' heads &&
    answers 200 '"status":"ready"' "$url/readyz"
}
# As a version before maintenance, or one with another STATE_FOLDER, has rendered the site.
old_site() {
  sed -i 's|/maintenance.json"|/old.json"|' /etc/nginx/sites-available/tasklane.conf && systemctl reload nginx && until_true serves
}
is_told() {
  is "$(tasklane maintenance on 2>&1 | grep -c 'not on yet\|nginx-config --out /etc/nginx/sites-available && nginx -t')" 2 && serves
}
as_it_said() { tasklane nginx-config --out /etc/nginx/sites-available && nginx -t && systemctl reload nginx; }

check_maintenance() {
  echo OPERATIONS_ALLOW=127.0.0.9 >>/etc/tasklane/tasklane.env
  check "an operator's address in the settings" set_up
  check "maintenance is turned on, with a message" tasklane maintenance on --message 'Back at noon'
  check "API and pages say it, with 503 and Retry-After; readiness goes on" closed
  check "the operator's address is served" answers 200 '[' --interface 127.0.0.9 -H @token "$url/api/tasks?limit=1"
  check "after a restart of workers and nginx" restarted
  check "it is still on" closed
  check "it is turned off" tasklane maintenance off
  check "the API serves, and the page to sign up at" serves
  sed -i '/^OPERATIONS_ALLOW=/d' /etc/tasklane/tasklane.env
  check "an nginx with a site that does not look for it" old_site
  check "is told, and what to do" is_told
  check "status does not say that it is on" fails grep 'nginx answers 503' <(tasklane status)
  check "that is done" as_it_said
  check "then it is on" until_true answers 503 '"error_type":"maintenance"' -H @token "$url/api/tasks"
  check "and off again" tasklane maintenance off
}

reads_alone() {
  reads && creates 503 '"error_type":"read_only"' && answers 200 '"read_only":true' "$url/readyz" && tasklane check --db | grep 'read-only is on'
}
check_read_only() {
  check "read-only is turned on" tasklane read-only on
  check "reads are served, writes are not; readiness and check --db tell it" reads_alone
  check "after a restart of workers and nginx" restarted
  check "it is still on" reads_alone
  check "it is turned off" tasklane read-only off
  check "writes are served" creates 201 '"title":"operations"'
}
