# What the checks inside a tried Debian share: one line each, a count at the end.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

passed=0 failed=0 said=

# SENTENCE COMMAND…: a check that fails shows what it said, $said.
check() {
  if said=$("${@:2}" 2>&1); then printf 'ok    %s\n' "$1"; passed=$((passed + 1)); else
    printf 'FAIL  %s\n%s\n' "$1" "$(tail -n 25 <<<"$said")"
    failed=$((failed + 1))
  fi
}
fails() { ! "$@"; }
is() { [ "$1" = "$2" ] || { printf '%s, not %s\n' "$1" "$2"; return 1; }; }
exits() { local status=0; "${@:2}" || status=$?; is "$status" "$1"; }  # STATUS COMMAND…
until_true() { for _ in {1..300}; do ! "$@" >/dev/null 2>&1 || return 0; sleep 0.1; done; "$@"; }
finish() { printf '%d passed, %d failed\n' "$passed" "$failed"; [ "$failed" -eq 0 ]; }

# Another site of the same nginx, which has to serve whatever happens to ours.
make_neighbour() {
  cat >/etc/nginx/sites-available/neighbour <<'TEXT'
server {
    listen 80;
    listen [::]:80;
    server_name neighbour.test;
    location / { return 200 "the neighbour\n"; }
}
TEXT
  ln -s ../sites-available/neighbour /etc/nginx/sites-enabled/neighbour
}
neighbour() {  # serves, and nginx has nothing to say against its configuration
  is "$(curl -sS -H 'Host: neighbour.test' http://127.0.0.1/)" "the neighbour" && is "$(nginx -t -q 2>&1)" ""
}

# Everything below /etc and the folder of setup's lists, by content, owner and mode.
snapshot() { find /etc /var/lib/tasklane ! -type d -printf '%p %u %g %m %l ' \( -type l -printf '\n' -o -exec md5sum {} \; \) 2>/dev/null | sort || true; }
remember() { before=$(snapshot); }
unchanged() { diff <(printf '%s\n' "$before") <(snapshot); }

# Whether a command that runs meanwhile shows a secret in its arguments: `watch_arguments` first, `arguments_hold` at the end.
watch_arguments() {
  (while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' || true; done) >/root/arguments &
  watcher=$!
}
stop_watching() { kill "$watcher"; }
arguments_hold() {
  local file
  for file in /etc/tasklane/credentials/*; do ! grep -aqF -- "$(sed -E 's#.*://[^:]*:([^@]*)@.*#\1#; s/^1://' "$file")" /root/arguments || echo "$file"; done
}
can_read() {  # what others than root and the service can
  find /etc/tasklane /var/lib/tasklane -type f -perm /o=r -exec grep -lE 'PRIVATE KEY|://[^@]+:[^@]+@' {} +
}
