# What the web app's process is told: STATE/frontend.env.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

frontend_names="TASKLANE_API_URL TASKLANE_TOKENS SIGN_UP MAIL_FROM SMTP_URL"  # passed on as they are, or what NAME_FILE holds

# FILE: the secret in it, as app/base/secret.h reads it.
secret_in() { LC_ALL=C sed -zE 's/^\xEF\xBB\xBF//; s/^[ \t\r\n]+//; s/[ \t\r\n]+$//' -- "$1"; }

# NAME: its value, or what is in NAME_FILE; fails when there is neither.
add_given() {
  local value file
  value=$(given "$1") file=$(given "${1}_FILE")
  if [ -z "$value" ] && [ -n "$file" ]; then value=$(secret_in "$file"); fi
  [ -n "$value" ] && add_for_node "$1" "$value"
}

# The secrets that both sides share; when the API has none (it reads public keys alone), one of the web app's own.
frontend_secrets() {
  local name none=yes
  for name in BETTER_AUTH_SECRETS BETTER_AUTH_SECRET; do add_given "$name" && none=no; done
  [ "$none" = no ] || add_for_node BETTER_AUTH_SECRET "$(kept BETTER_AUTH_SECRET)"
}

# NAME VALUE, as Node's --env-file reads it: it knows three quotes and no escapes.
add_for_node() {
  local quote
  for quote in "'" '`' '"'; do
    [[ $2 == *"$quote"* ]] || { printf '%s=%s%s%s\n' "$1" "$quote" "$2" "$quote"; return; }
  done
  fail 100 "$1 has all of ' \` and \" in it: no file can tell Node.js that"
}

private_file() {  # PATH, and its content on standard input: readable by whom the services run as
  rm -f -- "$1"
  (umask 077 && cat >"$1")
  [ -z "$service_user" ] || chown "$service_user" "$1"
}

# INTO/frontend.env; and INTO/frontend-owner.env for its migration, which goes again after that.
write_frontend_environment() {
  local name database owner
  rm -f -- "$into/frontend.env"
  [ "$frontend" = yes ] || return 0
  database=$(given FRONTEND_DATABASE_URL)
  : "${database:=$(given DATABASE_URL)}"
  if [ "$private_database" = yes ]; then
    database="postgresql://tasklane_auth:$(kept AUTH_PASSWORD)@/tasklane?host=$state/pg"
    owner="postgresql://tasklane_auth_owner:$(kept AUTH_OWNER_PASSWORD)@/tasklane?host=$state/pg"
  elif [ -z "$database" ]; then database=$(secret_in "$(given DATABASE_URL_FILE)"); fi
  add_for_node DATABASE_URL "${owner:-$database}" | private_file "$into/frontend-owner.env"
  {
    for name in $frontend_names; do add_given "$name" || true; done
    add_for_node DATABASE_URL "$database"
    frontend_secrets
    add_for_node BETTER_AUTH_URL "$frontend_origin"
    printf 'HOSTNAME=127.0.0.1\nPORT=%s\n' "$frontend_port"
  } | private_file "$into/frontend.env"
}
