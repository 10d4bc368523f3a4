# The configuration, INTO/tasklane.env: .env, then the environment, then what scripts/up adds. INTO is the state, or STATE/next.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, state.sh and scripts/up

names=$(sed -n 's/^#\?\([A-Z_]\+\)=.*/\1/p' "$project/.env.example")
names+=$(awk -F'[#=]' '/ Secret\.$/ {secret = 1} /^#[A-Z_]+=/ {if (secret) print "", $2 "_FILE"; secret = 0}' "$project/.env.example")
dotenv=$project/.env

quote() {  # VALUE, as app/base/env_file.h reads it back
  local value=$1
  if [[ $value =~ ^[A-Za-z0-9_./:@%+,=-]*$ ]]; then printf '%s' "$value"; return; fi
  if [[ $value != *[\'$'\n']* ]]; then printf "'%s'" "$value"; return; fi
  value=${value//\\/\\\\}
  value=${value//\"/\\\"}
  value=${value//\$/\\\$}
  printf '"%s"' "${value//$'\n'/\\n}"
}

# NAME: its value in the environment, else in .env (as it stands there, without plain quotes).
given() {
  if [[ -v $1 ]]; then printf '%s' "${!1}"; return; fi
  [ -e "$dotenv" ] || return 0
  LC_ALL=C sed -nE "1s/^\xEF\xBB\xBF//; s/^[[:space:]]*(export )?[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$dotenv" | tail -n 1 |
    sed -E "s/[[:space:]]+#.*|^#.*//; s/[[:space:]]*\$//; s/^(['\"])(.*)\1\$/\2/"
}

kept() {  # NAME: a random value, made once per state
  grep -qs "^$1=" "$state/generated.env" ||
    (umask 077 && printf '%s=%s\n' "$1" "$(openssl rand -hex 24)" >>"$state/generated.env")
  sed -n "s/^$1=//p" "$state/generated.env"
}

add() { printf '%s=%s\n' "$1" "$(quote "$2")"; }
add_missing() { [ -n "$(given "$1")" ] || add "$1" "$2"; }

added() {
  local https=${port:-$(given HTTPS_PORT)} keys
  keys=$(for name in BETTER_AUTH_SECRET{S,}{,_FILE} AUTH_JWKS; do given "$name"; done)
  add HTTPS_PORT "${https:=8443}"
  if [[ $https =~ ^[0-9]{1,5}$ ]]; then
    if [ -n "$port" ] || [ -z "$(given HTTP_PORT)" ]; then add HTTP_PORT $((10#$https + 1)); fi
    add_missing OPERATIONS_LISTEN "127.0.0.1:$((10#$https + 2))"
  fi
  [ -z "$workers" ] || add WORKERS "$workers"
  add_missing LISTEN_ADDRESSES 127.0.0.1
  add_missing FASTCGI_SOCKET "$state/run/tasklane.sock"; add_missing STATE_FOLDER "$state/modes"
  [ -z "$service_user" ] || add_missing NGINX_USER "$service_user"
  if [ -z "$(given TLS_CERTIFICATE)$(given TLS_CERTIFICATE_KEY)" ]; then
    add TLS_CERTIFICATE "$state/tls/cert.pem"
    add TLS_CERTIFICATE_KEY "$state/tls/key.pem"
  fi
  if [ -z "$keys" ]; then  # so that both kinds of tokens work
    add BETTER_AUTH_SECRET "$(kept BETTER_AUTH_SECRET)"
    add AUTH_JWKS database
  fi
  if [ "$private_database" = yes ]; then
    add DATABASE_URL "postgresql://tasklane_api:$(kept API_PASSWORD)@/tasklane?host=$state/pg"
    add DATABASE_URL_DIRECT "postgresql://tasklane_owner:$(kept OWNER_PASSWORD)@/tasklane?host=$state/pg"
  fi
  added_for_frontend
}

write_configuration() {
  local name file=$into/tasklane.env
  if [ -e "$dotenv" ] && [ $((8#$(stat -Lc %a "$dotenv") & 7)) -ne 0 ]; then
    fail 100 "$dotenv holds secrets that others could read: chmod 600 it"
  fi
  (umask 077 && rm -f -- "$file.new" && : >"$file.new")
  {
    if [ -e "$dotenv" ]; then cat "$dotenv" && echo; fi
    printf '# Made by scripts/up: from .env (above), the environment, and what both leave out.\n'
    for name in $names; do [[ ! -v $name ]] || add "$name" "${!name}"; done
    added
  } >"$file.new"
  [ -z "$service_user" ] || chown "$service_user" "$file.new"
  mv -f -- "$file.new" "$file"
  write_frontend_environment
  [ "$into" != "$state" ] || note_settings
  for name in $names $frontend_names FRONTEND_DATABASE_URL BETTER_AUTH_URL; do unset "$name"; done  # from here on the file alone counts
}
