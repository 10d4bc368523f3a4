# Connections to the database. psql learns of them by libpq's service file, so that no URL is ever an argument.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

decoded() { printf '%b' "${1//%/\\x}"; }  # of %XX

# SERVICE URL: adds it to the service file, which only root can read (libpq's manual, The Connection Service File).
add_service() {
  local url=${2#*://} asked='' user='' hosts='' ports='' host part parts
  case $url in *\?*) asked=${url#*\?} url=${url%%\?*} ;; esac
  case $url in *@*) user=${url%@*} url=${url##*@} ;; esac
  printf '[%s]\n' "$1"
  [ -z "$user" ] || printf 'user=%s\n' "$(decoded "${user%%:*}")"
  [[ $user != *:* ]] || printf 'password=%s\n' "$(decoded "${user#*:}")"
  [[ $url != */?* ]] || printf 'dbname=%s\n' "$(decoded "${url#*/}")"
  IFS=, read -ra parts <<<"${url%%/*}"
  for host in "${parts[@]}"; do
    part=''
    if [[ $host =~ ^(.*):([0-9]+)$ ]]; then host=${BASH_REMATCH[1]} part=${BASH_REMATCH[2]}; fi
    host=${host#[} host=${host%]}
    hosts+=,$host ports+=,$part
  done
  [ -z "${hosts#,}" ] || printf 'host=%s\nport=%s\n' "${hosts#,}" "${ports#,}"
  IFS='&' read -ra parts <<<"$asked"
  for part in "${parts[@]}"; do printf '%s=%s\n' "${part%%=*}" "$(decoded "${part#*=}")"; done
  [[ $asked == *connect_timeout=* ]] || echo connect_timeout=10
}

# FILE: whether its URL opens a connection.
logs_in() {
  [ -s "$1" ] || return 1
  (umask 077 && add_service login "$(head -n 1 "$1")" >"$work/login")
  PGSERVICEFILE=$work/login PGSERVICE=login psql -XqAtc 'SELECT 1' </dev/null >/dev/null 2>"$work/refusal"
}

# The administrator's connection. Sets $admin, the words that run psql with it, and $place and $query, what URLs say of
# the server.
find_database() {
  local url=''
  : "${database:=$roles}"
  if [ -z "$admin_file" ]; then
    admin="runuser -u postgres -- psql" place=''
    find_local_server
    return
  fi
  if [ "$admin_file" = - ]; then
    [ -t 0 ] || refuse_usage "--database-url-file -: there is no terminal to ask on"
    read -rs -p "The URL of the database's administrator (not shown): " url || fail 1 "no answer; a file tells it, too: tasklane setup --help"
    echo
  else
    [ -r "$admin_file" ] || fail 1 "$admin_file cannot be read"
    [ $((0$(stat -Lc %a "$admin_file") & 07)) -eq 0 ] || fail 1 "$admin_file: others can read it: chmod 600"
    url=$(head -n 1 "$admin_file")
  fi
  [[ $url =~ ^postgres(ql)?://[^@]+@[^/?]+ && $url != *[\"\$\`\\\ ]* ]] ||
    fail 100 "the administrator's URL has to be of the form postgresql://USER:PASSWORD@HOST/DATABASE, special characters as %XX"
  (umask 077 && add_service admin "$url" >"$work/services")
  admin="env PGSERVICEFILE=$work/services PGSERVICE=admin psql"
  place=${url##*@} query=''
  case $place in *\?*) query="?${place#*\?}" ;; esac
  place=${place%%[/?]*}
  $admin -XqAtc 'SELECT 1' </dev/null >/dev/null 2>"$work/refusal" || fail 1 "the administrator's URL: $(tail -n 1 "$work/refusal")"
}

find_local_server() {
  local port=5432
  query=''
  if [ "$(id -u)" -eq 0 ] && getent passwd postgres >/dev/null; then
    port=$(cd / && $admin -XqAtc 'SHOW port' </dev/null 2>"$work/refusal") || port=
  fi
  [ -n "$port" ] || [ "$dry" = yes ] ||
    fail 1 "this host's Postgres cannot be asked (apt install postgresql, or --database-url-file): $(tail -n 1 "$work/refusal")"
  place=127.0.0.1
  [ "${port:-5432}" = 5432 ] || place+=:$port
}
