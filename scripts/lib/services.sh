# The running services of a state: launched, and found again by pid file and command line.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh and state.sh

# nginx | frontend | master | postgres: its process id, when it runs and is this state's. A pid file alone proves nothing.
pid_of() {
  local file mark pid=
  case $1 in
    nginx) file=run/nginx.pid mark=" -c $state/nginx/nginx.conf" ;;
    master) file=run/master.pid mark="$state/app/bin/tasklane-master " ;;
    frontend) file=run/frontend.pid mark= ;;
    postgres) file=postgres/postmaster.pid mark=" -D $state/postgres " ;;
  esac
  read -r pid 2>/dev/null <"$state/$file" || [ -n "$pid" ] || return 0
  [[ $pid =~ ^[0-9]+$ && "$(command_line "$pid")" == *"$mark"* ]] || return 0
  # Next.js overwrites its command line: it is known by the folder it works in.
  [ "$1" != frontend ] || [ "$(readlink "/proc/$pid/cwd")" = "$state/frontend/app" ] || return 0
  printf '%s' "$pid"
}

# PID: its words with a space behind each; empty for a zombie.
command_line() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

declare -A titles=([nginx]=nginx [frontend]="the web app" [master]="master and workers" [postgres]=Postgres)

# nginx's workers outlive an nginx that was killed, and keep its ports. All of them work in the state's folder.
nginx_orphans() {
  local link pid
  [ -z "$(pid_of nginx)" ] || return 0
  while read -r link; do
    pid=${link//[!0-9]/}
    [[ $(command_line "$pid") != "nginx: worker process"* ]] || printf '%s ' "$pid"
  done < <(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$state" 2>/dev/null)
}

running() { [ -n "$(pid_of nginx)$(nginx_orphans)$(pid_of frontend)$(pid_of master)$(pid_of postgres)" ]; }

# SERVICE LOG COMMAND…: returns when its pid file is there; ends with its status when it ends. In a session of its own,
# so that a terminal's Ctrl-C reaches scripts/up alone.
launch() {
  local pid status=0
  say "starting ${titles[$1]}"
  setsid "${@:3}" </dev/null >>"$state/log/$2" 2>&1 9>&- &
  pid=$!
  [ "$1" != frontend ] || printf '%s\n' "$pid" >"$state/run/frontend.pid"  # it writes none itself
  for _ in {1..200}; do
    [ "$(pid_of "$1")" != "$pid" ] || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -s TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  fail "$((status == 0 ? 1 : status))" "${titles[$1]} did not start"
}
