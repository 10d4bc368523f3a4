# Ending the services of a state, one after another.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by services.sh

hurry=no  # a second Ctrl-C

# SERVICE SIGNAL SIGNAL_WHEN_IN_A_HURRY SECONDS
stop_service() {
  local pid tenths=0 hurried=no
  runs "$1" || return 0
  pid=$found
  say "stopping ${titles[$1]} (process $pid)"
  kill -s "$2" "$pid" 2>/dev/null || true
  while alive "$pid"; do
    sleep 0.1 || true
    tenths=$((tenths + 1))
    if [ "$hurried" = no ] && { [ "$hurry" = yes ] || [ "$tenths" -ge $(($4 * 10)) ]; }; then
      hurried=yes
      kill -s "$3" "$pid" 2>/dev/null || true
    fi
    if [ "$tenths" -gt $(($4 * 10 + 100)) ]; then kill -s KILL "$pid" 2>/dev/null || true; fi
  done
}

# With a DRAIN_DELAY_SECONDS load balancers turn away first, while everything is still served.
drain_first() {
  local line delay=0
  { while read -r line; do
    [[ $line != DRAIN_DELAY_SECONDS=* ]] || delay=${line//[!0-9]/}
  done <"$state/tasklane.env"; } 2>/dev/null || true
  if [ "${delay:-0}" -eq 0 ] || ! runs nginx || ! runs master; then return 0; fi
  say "draining for $delay s"
  timeout --foreground "$((delay + 5))" env -u FASTCGI_SOCKET "$state/app/bin/tasklane" drain --wait \
    --env-file "$state/tasklane.env" >/dev/null 2>&1 || true
}

# Nobody is let in any more, what was accepted is answered, then the database goes. A second Ctrl-C hurries it.
stop_all() {
  local orphan
  trap 'hurry=yes' INT TERM HUP
  drain_first
  stop_service nginx QUIT TERM 10
  for orphan in $(nginx_orphans); do kill -s TERM "$orphan" 2>/dev/null || true; done
  stop_service frontend TERM KILL 10
  stop_service master TERM TERM 40
  stop_service postgres INT INT 60
}

# What was launched last may have been cut short before its pid file was there. For traps: in one, a bare `return`
# repeats the status from before it.
stop_unborn() {
  local pid=${!:-} service
  while [ -n "$pid" ] && alive "$pid"; do
    for service in nginx frontend master postgres; do
      if runs "$service" && [ "$found" = "$pid" ]; then return 0; fi  # born meanwhile: stop_all's affair
    done
    kill -s TERM "$pid" 2>/dev/null || true  # again: between fork and exec a first one may go unheard
    sleep 0.1 || true
  done
}
