# Starting the web app of a prepared state.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

# Better Auth's tables belong to a role of their own, so that the rights on them, and on those that come later, are
# rights on nothing else. The owner of the tasks is its member: the workers' view of public keys reads with its rights.
set_up_frontend_roles() {
  as_superuser <<SQL
SELECT 'CREATE ROLE tasklane_auth_owner' WHERE to_regrole('tasklane_auth_owner') IS NULL \gexec
SELECT 'CREATE ROLE tasklane_auth' WHERE to_regrole('tasklane_auth') IS NULL \gexec
ALTER ROLE tasklane_auth_owner LOGIN PASSWORD '$(kept AUTH_OWNER_PASSWORD)';
ALTER ROLE tasklane_auth LOGIN PASSWORD '$(kept AUTH_PASSWORD)';
GRANT tasklane_auth_owner TO tasklane_owner;
\connect tasklane
GRANT USAGE, CREATE ON SCHEMA public TO tasklane_auth_owner;
GRANT USAGE ON SCHEMA public TO tasklane_auth;
ALTER DEFAULT PRIVILEGES FOR ROLE tasklane_auth_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tasklane_auth;
ALTER DEFAULT PRIVILEGES FOR ROLE tasklane_auth_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO tasklane_auth;
SQL
}

# ENV_FILE PROGRAM: sets $as_node, the words that run it. It gets this file and nothing of our own environment.
run_in_node() {
  as_node=("${as_service[@]}" env -i -C "$state/frontend/app" "HOME=$state" "PATH=$PATH" NODE_ENV=production
    NEXT_TELEMETRY_DISABLED=1 ${NODE_EXTRA_CA_CERTS:+"NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS"}
    "$node" "--env-file=$1" "$2")
}

migrate_frontend() {
  [ "$frontend" = yes ] || return 0
  say "bringing Better Auth's tables up to date"
  [ "$private_database" = no ] || set_up_frontend_roles
  run_in_node "$state/frontend-owner.env" migrate.mjs
  "${as_node[@]}" >>"$state/log/frontend.log" 2>&1 ||
    fail 1 "Better Auth's migration failed$([ "$private_database" = yes ] || echo ' (the role of FRONTEND_DATABASE_URL must own its tables, or may create them)')"
  rm -f -- "$state/frontend-owner.env"
}

start_frontend() {
  [ "$frontend" = yes ] || return 0
  run_in_node "$state/frontend.env" server.js
  launch frontend frontend.log "${as_node[@]}"
  local own
  own=http://127.0.0.1:$(sed -n 's/^PORT=//p' "$state/frontend.env")/api/auth/ok
  say "waiting for $own"
  local deadline=$((SECONDS + 60))
  while [ "$SECONDS" -lt "$deadline" ]; do  # without a command substitution: see wait_until_ready
    if status_of "$own" | grep -qx 200; then return; fi
    runs frontend || fail 1 "the web app has ended"
    sleep 0.1
  done
  fail 1 "$own does not say yes"
}

# Of a state that serves otherwise: the web app has died, and the rest needs no rest.
revive_frontend() {
  [ "$frontend" = yes ] && [ -e "$state/frontend.env" ] && ! runs frontend || return 0
  choose_users
  lock_state
  find_node
  say "the web app has ended: starting it again"
  trap 'status=$?; [ "$status" -eq 0 ] || tail -n 8 "$state/log/frontend.log" >&2; exit "$status"' EXIT
  start_frontend
}
