# Applying settings that have changed to an instance that runs, and going back when that fails.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

change() {
  local file
  told=none
  mkdir -- "$into/before"
  for file in tasklane.env frontend.env nginx; do [ ! -e "$state/$file" ] || cp -a -- "$state/$file" "$into/before/"; done
  trap 'put_back $?' EXIT
  mv -f -- "$into"/*.env "$state/"
  prepare_nginx
  [ "$private_database" = no ] || find_postgres
  migrate
  if [ "$api" = yes ]; then reload_api; fi
  told=api
  if [ "$web" = yes ]; then stop_service frontend TERM KILL 10; fi
  runs frontend || start_frontend
  change_nginx
  wait_until_ready
  trap - EXIT
  rm -rf -- "$into"
}

reload_api() { "${as_service[@]}" "$state/app/bin/tasklane" reload --wait --env-file "$state/tasklane.env"; }

# Once something could not be applied: the settings of before serve on.
put_back() {  # STATUS
  trap - EXIT
  set +e
  say "that failed: going back to the settings of before"
  rm -rf -- "${state:?}/nginx"
  cp -a -- "$into/before/." "$state/"
  if [ "$told" = api ]; then
    [ "$api" = no ] || reload_api >/dev/null
    [ "$web" = no ] || { stop_service frontend TERM KILL 10; (start_frontend); }
  fi
  ! runs nginx || reload_nginx
  rm -rf -- "$into"
  exit "$1"
}

listens() { grep -h '^ *listen ' "$1"/tasklane*.conf; }  # FOLDER
# Whether a worker of nginx that was there before still accepts.
accepts() {
  local pid
  for pid in "$@"; do ! alive "$pid" || [[ $words == *' is shutting down'* ]] || return 0; done
  return 1
}

# What was rendered anew, beside what it was before: nginx reads it, or starts anew to listen elsewhere.
change_nginx() {
  local before=$into/before/nginx
  ! diff -rq -- "$before" "$state/nginx" >/dev/null || return 0
  if ! runs nginx || [ "$(listens "$before")" != "$(listens "$state/nginx")" ]; then
    stop_service nginx QUIT TERM 10
    start_nginx
    return
  fi
  say "reloading nginx"
  reload_nginx || fail 1 "nginx does not take its configuration: $state/log/nginx-error.log"
}

# Waits for it, or the next reload would take workers of this one for new ones.
reload_nginx() {
  local workers
  workers=$(pgrep -P "$found")
  kill -s HUP "$found"
  for _ in {1..100}; do
    # shellcheck disable=SC2086  # one word each
    accepts $workers || return 0
    sleep 0.1
  done
  return 1
}
