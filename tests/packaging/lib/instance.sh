# A second instance beside the first one.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

# With the URL of an administrator, typed on a terminal; then a question about a certificate, answered with nothing.
typed_instance() {
  local status=0
  (cd / && runuser -u postgres -- psql -qc "ALTER ROLE postgres PASSWORD 'typed'")
  mkfifo typing
  script -qefc "tasklane setup --instance second --name second.test --database-url-file -" screen <typing >/dev/null &
  exec 5>typing
  until_true grep -q 'not shown' screen
  printf 'postgresql://postgres:typed@127.0.0.1/postgres\n\n' >&5
  wait $! || status=$?
  exec 5>&-
  cat screen
  is $status 0 && ! grep -q 'typed@' screen
}
drop_as_said() { (cd / && sed -n 's/^ *\(DROP .*;\)$/\1/p' | runuser -u postgres -- psql -q -v ON_ERROR_STOP=1); }
left_in_postgres() { (cd / && runuser -u postgres -- psql -XqAtc "SELECT datname FROM pg_database WHERE datname ~ 'second' UNION SELECT rolname FROM pg_roles WHERE rolname ~ 'second'"); }
nginx_says() { nginx -t -q 2>&1 | sed -E 's/^.*\[warn\] ([0-9#]+: )?//; s/variables_hash,.*/variables_hash/'; }
check_instance() {
  check "a second instance, by a typed URL that no screen shows" typed_instance
  check "it says what nginx's table of variables takes" grep 'variables_hash_max_size 2048; in the http block' <<<"$said"
  check "nginx says nothing else" is "$(nginx_says)" "could not build optimal variables_hash"
  sed -i 's/^http {/&\nvariables_hash_max_size 2048;/' /etc/nginx/nginx.conf
  check "with that, it says nothing" neighbour
  check "its first one serves on" serves
  check "it goes" tasklane setup --remove --instance second --yes
  check "its database goes as that said" drop_as_said <<<"$said"
  check "with its roles" is "$(left_in_postgres)" ""
  check "the first one serves on" serves
  check "nothing of it is left" fails ls -d /etc/tasklane/second /etc/nginx/sites-enabled/tasklane-second.conf
}
