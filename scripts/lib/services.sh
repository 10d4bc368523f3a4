# The running services of a state: found by pid file and command line, ended one after another.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh and state.sh

# nginx | master | postgres: its process id, when it runs and is this state's. A pid file alone proves nothing.
pid_of() {
  local file mark pid=
  case $1 in
    nginx) file=run/nginx.pid mark=" -c $state/nginx/nginx.conf" ;;
    master) file=run/master.pid mark="$state/app/bin/tasklane-master " ;;
    postgres) file=postgres/postmaster.pid mark=" -D $state/postgres " ;;
  esac
  read -r pid 2>/dev/null <"$state/$file" || [ -n "$pid" ] || return 0
  [[ $pid =~ ^[0-9]+$ && "$(command_line "$pid")" == *"$mark"* ]] || return 0
  printf '%s' "$pid"
}

# PID: its words with a space behind each; empty for a zombie.
command_line() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

declare -A titles=([nginx]=nginx [master]="master and workers" [postgres]=Postgres)
hurry=no  # a second Ctrl-C

# SERVICE SIGNAL SIGNAL_WHEN_IN_A_HURRY SECONDS
stop_service() {
  local pid tenths=0 hurried=no
  pid=$(pid_of "$1")
  [ -n "$pid" ] || return 0
  say "stopping ${titles[$1]} (process $pid)"
  kill -s "$2" "$pid" 2>/dev/null || true
  while [ -n "$(command_line "$pid")" ]; do
    sleep 0.1 || true
    tenths=$((tenths + 1))
    if [ "$hurried" = no ] && { [ "$hurry" = yes ] || [ "$tenths" -ge $(($4 * 10)) ]; }; then
      hurried=yes
      kill -s "$3" "$pid" 2>/dev/null || true
    fi
    if [ "$tenths" -gt $(($4 * 10 + 100)) ]; then kill -s KILL "$pid" 2>/dev/null || true; fi
  done
}

running() { [ -n "$(pid_of nginx)$(pid_of master)$(pid_of postgres)" ]; }

# Nobody is let in any more, what was accepted is answered, then the database goes. A second Ctrl-C hurries it.
stop_all() {
  trap 'hurry=yes' INT TERM HUP
  stop_service nginx QUIT TERM 10
  stop_service master TERM TERM 40
  stop_service postgres INT INT 60
}

# SERVICE LOG COMMAND…: returns when its pid file is there; ends with its status when it ends. In a session of its own,
# so that a terminal's Ctrl-C reaches scripts/up alone.
launch() {
  local pid status=0
  say "starting ${titles[$1]}"
  setsid "${@:3}" </dev/null >>"$state/log/$2" 2>&1 9>&- &
  pid=$!
  for _ in {1..200}; do
    [ "$(pid_of "$1")" != "$pid" ] || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -s TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  fail "$((status == 0 ? 1 : status))" "${titles[$1]} did not start"
}

# What was launched last may have been cut short before its pid file was there.
stop_unborn() {
  local pid=${!:-}
  case " $(pid_of nginx) $(pid_of master) $(pid_of postgres) " in *" $pid "*) return ;; esac
  kill -s TERM "$pid" 2>/dev/null || return 0
  wait "$pid" || true
}
