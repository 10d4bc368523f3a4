# The private Postgres of a state: made once, reachable through a unix socket in STATE/pg alone.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, state.sh and scripts/up

# Sets $postgres_bin: the programs of the version that made the data, else of the newest one.
find_postgres() {
  local version
  version=$("${as_postgres[@]}" cat "$state/postgres/PG_VERSION" 2>/dev/null) || version=
  postgres_bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -path "*/${version:-*}/bin" | sort -V | tail -n 1)
  [ -x "$postgres_bin/postgres" ] || fail 1 "$state/postgres needs PostgreSQL ${version:-15 or newer}, which is not installed"
}

make_cluster() {
  local folder=$state/pg/new password=$state/pg/password
  say "making a private Postgres in $state/postgres"
  rm -rf -- "$folder"
  (umask 077 && kept POSTGRES_PASSWORD >"$password")
  [ -z "$postgres_user" ] || chown "$postgres_user" "$password"
  "${as_postgres[@]}" "$postgres_bin/initdb" --pgdata="$folder" --username=postgres --pwfile="$password" --encoding=UTF8 \
    --locale=C.UTF-8 --auth-local=scram-sha-256 --auth-host=reject >>"$state/log/postgres.log" 2>&1 || {
    rm -f -- "$password"
    fail 1 "initdb failed"
  }
  rm -f -- "$password"
  mv -T -- "$folder" "$state/postgres"  # whole or not at all
}

# A pid file and a socket's lock from before a crash: Postgres would believe them when another process has the number
# now. They may go only when nobody is at the data (every process of Postgres works in their folder).
clear_crash() {
  for _ in {1..100}; do
    if [ -z "$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$state/postgres" 2>/dev/null)" ]; then
      rm -f -- "$state/postgres/postmaster.pid" "$state"/pg/.s.PGSQL.*
      return
    fi
    sleep 0.1
  done
  fail 1 "an earlier Postgres is still at work in $state/postgres"
}

# For its cache: a quarter of the memory, as PostgreSQL's manual advises (Resource Consumption), 128 MB to 1 GB.
cache_size() { awk '/^MemTotal:/ {mb = int($2 / 4096); print (mb < 128 ? 128 : mb > 1024 ? 1024 : mb) "MB"}' /proc/meminfo; }

start_postgres() {
  find_postgres
  [ -e "$state/postgres/PG_VERSION" ] || make_cluster
  clear_crash
  launch postgres postgres.log "${as_postgres[@]}" "$postgres_bin/postgres" -D "$state/postgres" -k "$state/pg" \
    -c listen_addresses= -c max_connections=300 -c shared_buffers="$(cache_size)"
  for _ in {1..1200}; do  # two minutes: it may have to recover from a crash
    if "$postgres_bin/pg_isready" --quiet --host="$state/pg"; then note_postgres_version; set_up_roles; return; fi
    runs postgres || break
    sleep 0.1
  done
  fail 1 "Postgres did not start"
}

as_superuser() {
  PGPASSWORD=$(kept POSTGRES_PASSWORD) "$postgres_bin/psql" --host="$state/pg" --username=postgres --dbname=postgres \
    --no-psqlrc --quiet --set=ON_ERROR_STOP=1 >/dev/null
}

# The owner makes tables and roles; repeated at every start, so that a set-up cut short is completed.
set_up_roles() {
  as_superuser <<SQL
SELECT 'CREATE ROLE tasklane_owner' WHERE to_regrole('tasklane_owner') IS NULL \gexec
ALTER ROLE tasklane_owner LOGIN CREATEROLE PASSWORD '$(kept OWNER_PASSWORD)';
SELECT 'CREATE DATABASE tasklane OWNER tasklane_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tasklane') \gexec
SQL
}

# The migration makes the role that serves, without a login.
admit_workers() {
  as_superuser <<SQL
ALTER ROLE tasklane_api LOGIN PASSWORD '$(kept API_PASSWORD)';
SQL
}
