# Whether there is a web app, and where.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

# Before anything starts: what can be missing is missed here.
prepare_frontend() {
  [ "$frontend" = yes ] || return 0
  if [ -n "$(given FRONTEND_UPSTREAM)" ]; then
    say "the web app is the one that FRONTEND_UPSTREAM names"
    frontend=elsewhere
    return
  fi
  find_node
  install_frontend
  find_frontend_origin
  frontend_port=0
  until [ "$frontend_port" -ne 0 ] && ! listening "$frontend_port"; do
    frontend_port=$((10000 + RANDOM % 10000))  # below those that Linux gives to clients
  done
}

# Of an instance that runs.
keep_frontend() {
  local own=no
  [ ! -e "$state/frontend.env" ] || own=yes
  if [ "$frontend" = yes ] && [ -n "$(given FRONTEND_UPSTREAM)" ]; then frontend=elsewhere; fi
  if [ "$frontend" = yes ]; then [ "$own" = yes ]; else [ "$own" = no ]; fi ||
    fail 1 "with or without a web app (--no-frontend, FRONTEND_UPSTREAM): that takes scripts/down first"
  [ "$own" = yes ] || return 0
  find_node
  find_frontend_origin
  frontend_port=$(sed -n 's/^PORT=//p' "$state/frontend.env")
}

# Browsers have to use this very origin: Better Auth refuses sign-ins from any other.
find_frontend_origin() {
  frontend_origin=$(given BETTER_AUTH_URL)
  : "${frontend_origin:=$(given PUBLIC_URL)}"
  : "${frontend_origin:=$(default_origin)}"
  frontend_origin=${frontend_origin%/}
}

default_origin() {
  local name https=${port:-$(given HTTPS_PORT)}
  name=$(given SERVER_NAME)
  name=${name%% *}
  : "${name:=$(reachable_as "$(given LISTEN_ADDRESSES)")}" "${https:=8443}"
  printf 'https://%s' "$name"
  [ "$https" = 443 ] || printf ':%s' "$https"
}

# What tasklane.env says of the web app.
added_for_frontend() {
  case $frontend in
    no) add FRONTEND_UPSTREAM '' ;;
    yes)
      add FRONTEND_UPSTREAM "127.0.0.1:$frontend_port"
      add FRONTEND_ROOT "$state/frontend/www"
      [ -z "$(given BETTER_AUTH_URL)" ] || add_missing PUBLIC_URL "$frontend_origin"
      add_missing AUTH_ISSUER "$frontend_origin"
      add_missing AUTH_AUDIENCE "$frontend_origin"
      ;;
  esac
}
