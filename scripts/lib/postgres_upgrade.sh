# A package upgrade replaces the server's files while the private Postgres runs. What it has not loaded by then it may not be
# able to load any more ("could not load library … plpgsql.so: undefined symbol"), and new sessions fail.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, state.sh and database.sh

# The program that serves, and what it said of its version when it was started.
note_postgres_version() {
  printf '%s\n' "$postgres_bin/postgres" "$("$postgres_bin/postgres" --version)" >"$state/run/postgres.version"
}

# RUNNING INSTALLED: what `postgres --version` said then, and says now.
sentence_of_upgrade() {
  [ -n "$1" ] && [ "$1" != "$2" ] || return 0
  printf '%s runs and %s is installed: new connections may fail until scripts/down and scripts/up' "$1" "${2:-no server}"
}

tell_upgraded_postgres() {
  local program='' noted='' sentence
  runs postgres || return 0
  { read -r program && read -r noted; } 2>/dev/null <"$state/run/postgres.version" || return 0
  sentence=$(sentence_of_upgrade "$noted" "$("$program" --version 2>/dev/null || true)")
  [ -z "$sentence" ] || say "$sentence"
}
