# The state folder: where it is, whose its parts are, and whether the services' users can reach it.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh

# DIR: sets $state, an absolute path without links.
find_state() { state=$(realpath -m -- "$1"); }

# Services of a root shell run as users of their own (Postgres refuses root); a plain user's run as that user.
# Bash ignores SIGINT in what it starts in the background: the services want it back.
choose_users() {
  local own=(env "--default-signal=INT,QUIT" "HOME=$state")
  as_postgres=("${own[@]:0:2}") as_service=("${own[@]:0:2}")
  service_user='' postgres_user=''
  [ "$(id -u)" -eq 0 ] || return 0
  service_user=www-data postgres_user=postgres
  as_service=(setpriv --reuid=www-data --regid=www-data --init-groups "${own[@]}")
  as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups "${own[@]}")
}

reachable() {  # DIR
  "${as_service[@]}" test -x "$1" 2>/dev/null && "${as_postgres[@]}" test -x "$1" 2>/dev/null
}

empty() { [ -z "$(ls -A -- "$1")" ]; }

# Makes the folder; from a root shell, elsewhere when the services' users cannot reach it (a clone below /root).
place_state() {
  local named=$state
  mkdir -p -- "$state" || fail 1 "cannot make the folder $state"
  [ "$(stat -c %u -- "$state")" -eq "$(id -u)" ] ||
    fail 1 "$state belongs to $(stat -c %U -- "$state"): run this as that user, or name another --state"
  empty "$state" || [ -d "$state/run" ] || [ -e "$state/lock" ] ||
    fail 1 "$state is neither empty nor a state of Tasklane: name another --state"
  [ -z "$service_user" ] || chmod 755 -- "$state"
  if ! reachable "$state"; then
    state=/var/lib/tasklane/$(printf '%s' "$named" | sha256sum | cut -c1-12)
    empty "$named" || fail 1 "$named cannot be reached by $service_user and $postgres_user: move it or name another --state"
    say "$named is out of reach for $service_user and $postgres_user: the state is in $state, $named a link to it"
    mkdir -p -- "$state" && rmdir -- "$named" && ln -s -- "$state" "$named"
    choose_users
  fi
  check_path
}

check_path() {
  local problem=
  [[ $state =~ ^[A-Za-z0-9/._+@-]+$ ]] ||
    problem="the state's path may have letters, digits and /._-+@ only: $state (choose another with --state)"
  # A unix socket's path has at most 107 bytes (unix(7)); the longest is run/tasklane.sock.control.
  [ $((${#state} + 26)) -le 107 ] ||
    problem="the state's path is too long for unix sockets, ${#state} of at most 81 bytes: $state (choose another with --state)"
  [ -n "$problem" ] || return 0
  rmdir -- "$state" 2>/dev/null || true
  fail 1 "$problem"
}

own() {  # MODE OWNER DIR: an empty owner is oneself
  mkdir -p -- "$3"
  [ -z "$2" ] || chown "$2" -- "$3"
  chmod "$1" -- "$3"
}

make_folders() {
  into=$state
  own 755 '' "$state/nginx"
  own 755 '' "$state/tls"
  own 711 '' "$state/tmp"
  own 750 "${service_user:+root:$service_user}" "$state/log"
  local log
  for log in postgres tasklane frontend nginx-error nginx-access; do (umask 027 && : >>"$state/log/$log.log"); done
  # Sticky: nginx's pid file is root's, the socket and the master's pid file are the service user's.
  own 1770 "${service_user:+root:$service_user}" "$state/run"
  own 755 "$postgres_user" "$state/pg"
}
