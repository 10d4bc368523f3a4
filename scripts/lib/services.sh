# The running services of a state: launched, and found again by pid file and command line.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh and state.sh

# nginx | frontend | master | postgres: whether it runs and is this state's; then $found is its process id. A pid file
# alone proves nothing. No subshell anywhere: a Ctrl-C that comes while bash 5.2 reads from one may be lost.
runs() {
  local file mark
  found=
  case $1 in
    nginx) file=run/nginx.pid mark=" -c $state/nginx/nginx.conf" ;;
    master) file=run/master.pid mark="$state/app/bin/tasklane-master " ;;
    frontend) file=run/frontend.pid mark= ;;
    postgres) file=postgres/postmaster.pid mark=" -D $state/postgres " ;;
  esac
  read -r found 2>/dev/null <"$state/$file" || true
  # Next.js overwrites its command line: it is known by the folder it works in.
  if [[ $found =~ ^[0-9]+$ ]] && alive "$found" && [[ $words == *"$mark"* ]] &&
    { [ "$1" != frontend ] || [ "/proc/$found/cwd" -ef "$state/frontend/app" ]; }; then return 0; fi
  found=
  return 1
}

# PID: whether it runs, and is no zombie; then $words is its command line, a space behind each word.
alive() {
  local each=()
  { mapfile -d '' -t each <"/proc/$1/cmdline"; } 2>/dev/null || true
  words=${each[*]+"${each[*]} "}
  [ -n "$words" ]
}

declare -A titles=([nginx]=nginx [frontend]="the web app" [master]="master and workers" [postgres]=Postgres)

# nginx's workers outlive an nginx that was killed, and keep its ports. All of them work in the state's folder.
nginx_orphans() {
  local link pid
  ! runs nginx || return 0
  while read -r link; do
    pid=${link//[!0-9]/}
    ! alive "$pid" || [[ $words != "nginx: worker process"* ]] || printf '%s ' "$pid"
  done < <(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$state" 2>/dev/null)
}

running() { runs nginx || runs frontend || runs master || runs postgres || [ -n "$(nginx_orphans)" ]; }

# SERVICE LOG COMMAND…: returns when its pid file is there; ends with its status when it ends. In a session of its own,
# so that a terminal's Ctrl-C reaches scripts/up alone.
launch() {
  local pid status=0
  say "starting ${titles[$1]}"
  (umask 027 && exec setsid "${@:3}" </dev/null >>"$state/log/$2" 2>&1 9>&-) &  # for logs that it begins anew
  pid=$!
  [ "$1" != frontend ] || printf '%s\n' "$pid" >"$state/run/frontend.pid"  # it writes none itself
  for _ in {1..200}; do
    if runs "$1" && [ "$found" = "$pid" ]; then return; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -s TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  fail "$((status == 0 ? 1 : status))" "${titles[$1]} did not start"
}
