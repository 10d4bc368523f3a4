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

# What is left of a host: the backup, and the web app's secret.
lose_host() {
  local version cluster
  cp "$secrets/WEB_BETTER_AUTH_SECRETS" kept && tasklane setup --remove --yes &&
    read -r version cluster _ < <(pg_lsclusters -h) && pg_dropcluster --stop "$version" "$cluster" && pg_createcluster --start "$version" "$cluster"
}
# What docs/operations/backup.md says of a new one.
prepare_host() {
  install -m 600 kept "$secrets/WEB_BETTER_AUTH_SECRETS"
  (umask 077
    echo 'postgresql://tasklane_api:secret7@127.0.0.1/tasklane' >"$secrets/DATABASE_URL"
    echo 'postgresql://tasklane_owner:secret7@127.0.0.1/tasklane' >"$secrets/DATABASE_URL_DIRECT")
  cd / && runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 <<'SQL'
CREATE ROLE tasklane_owner LOGIN CREATEROLE PASSWORD 'secret7';
CREATE DATABASE tasklane OWNER tasklane_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
}
set_up_alone() { tasklane setup --remove --yes && rm "$secrets"/* && set_up; }
all_there() { ids after && is "$(comm -23 before after | wc -l)" 0 && [ "$(wc -l <before)" -gt 100 ]; }
check_restore() {
  check "the host is lost, the new one has an empty PostgreSQL $(pg_lsclusters -h | cut -d' ' -f1)" lose_host
  check "and what the operator makes there" prepare_host
  check "the backup is restored" tasklane restore /root/tasklane.dump
  check "every task that was acknowledged before it is there: $(wc -l <before)" all_there
  check "setup makes the rest" set_up
  check "the API serves, and the page to sign up at" serves
  check "the user signs in" sign_in
  check "and reads" reads
  check "and writes" creates 201 '"title":"operations"'
  check "setup makes all of it, as before" set_up_alone
}
