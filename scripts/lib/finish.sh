# The ends scripts/up can have: already there, given up, serving in the background, followed in the foreground.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

leave_if_running() {
  local known
  runs master && runs nginx && read -r known 2>/dev/null <"$state/url" || return 0
  [ "$(readiness "$known")" = 200 ] || return 0
  tell_upgraded_postgres
  apply_changes "$known"
  exit 0
}

# What a crash, or a service that died, left behind.
stop_remains() {
  running || return 0
  tell_upgraded_postgres
  say "a part of this state still runs, but does not serve: stopping it first"
  stop_all
  end_on_signals
}

end_on_signals() {
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

migrate() {
  [ "$private_database" = no ] || unset "${!PG@}"  # libpq's own variables are about other databases
  # First: Better Auth's table of users is then there to be watched, and the web app's role to get its right.
  migrate_frontend
  say "migrating the database"
  "${as_service[@]}" "$state/app/bin/tasklane" migrate --env-file "$state/tasklane.env" || fail "$?" "the migration failed"
  [ "$private_database" = no ] || admit_workers
}

# At every exit but the good one: what was started is stopped again, and logs that tell why are quoted.
give_up() {
  local log
  trap - EXIT
  set +e  # nothing may cut this short
  trap 'hurry=yes' INT TERM HUP
  trap '' PIPE  # whoever read our output may be gone
  [ "$started" != served ] || exit "$1"
  if [ "$started" = yes ] && [ "$1" -ne 130 ] && [ "$1" -ne 143 ]; then
    for log in postgres tasklane frontend nginx-error; do
      [ "$state/log/$log.log" -nt "$state/tasklane.env" ] || continue
      printf '\nThe end of %s:\n' "$state/log/$log.log"
      tail -n 8 "$state/log/$log.log"
    done >&2
  fi
  stop_unborn
  stop_all
  exit "$1"
}

show_the_way() {
  local token trust='-k' url=$url
  [ "$(setting TLS_CERTIFICATE)" != "$state/tls/cert.pem" ] || trust="--cacert $state/tls/cert.pem"
  printf '\nTasklane serves %s\n' "$url"
  [ "$(setting TLS)" = on ] || { url=$(setting PUBLIC_URL) trust='' && printf '  to the proxy that ends TLS for %s\n' "$url"; }
  [ "$frontend" != yes ] || printf '  web app        %s/\n' "$frontend_origin"
  printf '  API reference  %s/docs/\n  configuration  %s\n  logs           %s\n\n' "$url" "$state/tasklane.env" "$state/log"
  token=$("$state/app/bin/tasklane" token --sub demo --env-file "$state/tasklane.env" 2>/dev/null) || {
    printf 'Tokens come from Better Auth; there is no secret here to make one with.\n'
    return
  }
  printf 'A token of the user "demo", valid for an hour, and a line to try:\n\n  %s\n\n' "$token"
  printf '  curl %s-H "Authorization: Bearer %s" %s/api/tasks\n\n' "${trust:+$trust }" "$token" "$url"
}

follow_logs() {
  started=followed
  trap 'exit 0' INT TERM HUP
  say "showing the logs; Ctrl-C stops everything"
  runs master || fail 1 "the master has ended"
  tail -n 0 -F --pid="$found" "$state"/log/{tasklane,frontend,nginx-error,postgres}.log 2>/dev/null &
  wait $! || true
  ! runs nginx || fail 1 "the master has ended; stopping the rest"  # else scripts/down was at work
}
