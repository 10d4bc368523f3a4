# A backup under load, and its restoration into a new server.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

sign_in() {  # with what the database has of the user
  curl -fsS "${here[@]}" -c jar -H "Origin: $url" -H 'Content-Type: application/json' -o /dev/null \
    --data '{"email": "load@tasks.test", "password": "a password for load"}' "$url/api/auth/sign-in/email"
  get_token
}

ids() { (cd / && runuser -u postgres -- psql -XqAtc 'SELECT id FROM tasks' tasklane) | sort >"$1"; }
check_backup() {
  start_load
  ids before
  check "under load: a backup" tasklane backup /root/tasklane.dump
  check "which says that the web app's secret is not in it" grep 'NOT in it' <<<"$said"
  stop_load
  check "no request failed, of $(cat reads writes | wc -l)" none_failed
  check "it is root's alone" is "$(stat -c '%U %a' tasklane.dump)" "root 600"
}

# What a new host has by OPERATIONS.md: an empty server, the owner's role, an empty database.
lose_server() {
  local version cluster
  read -r version cluster _ < <(pg_lsclusters -h)
  systemctl stop tasklane tasklane-web
  pg_dropcluster --stop "$version" "$cluster" && pg_createcluster --start "$version" "$cluster" && cd / && runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 <<SQL
CREATE ROLE tasklane_owner LOGIN CREATEROLE PASSWORD '$(sed -E 's#.*://[^:]*:([^@]*)@.*#\1#' "$secrets/DATABASE_URL_DIRECT")';
CREATE DATABASE tasklane OWNER tasklane_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
}
all_there() { ids after && is "$(comm -23 before after | wc -l)" 0 && [ "$(wc -l <before)" -gt 100 ]; }
check_restore() {
  check "the server is lost, a new one is empty: PostgreSQL $(pg_lsclusters -h | cut -d' ' -f1)" lose_server
  check "the backup is restored" tasklane restore /root/tasklane.dump
  check "every task that was acknowledged before it is there: $(wc -l <before)" all_there
  check "what setup made is made again" set_up
  check "the API serves, and the page to sign up at" serves
  check "the user signs in" sign_in
  check "and reads" reads
  check "and writes" creates 201 '"title":"operations"'
}
