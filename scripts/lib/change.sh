# scripts/up on an instance that runs: changed settings are applied, and only by what has to know of them.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by the other files and scripts/up

# What is applied: the options, which count until others are named, and the settings as they were made. An edit of the files by
# hand is no change of these.
note_settings() {
  printf 'port=%s\nworkers=%s\nfrontend=%s\n' "$port" "$workers" "${frontend/elsewhere/yes}" >"$state/options"
  (umask 077 && cd "$state" && { sha256sum -- tasklane.env frontend.env 2>/dev/null || true; } >settings.sums)
}
kept_option() { sed -n "s/^$1=//p" "$state/options" 2>/dev/null || true; }
changed() {  # FILE
  [ -e "$into/$1" ] && ! grep -qsxF "$(cd "$into" && sha256sum -- "$1")" "$state/settings.sums"
}

apply_changes() {  # URL
  url=$1 api=no web=no
  choose_users
  lock_state
  end_on_signals
  : "${port:=$(kept_option port)}" "${workers:=$(kept_option workers)}"
  keep_services
  into=$state/next
  rm -rf -- "$into"
  own 711 '' "$into"
  write_configuration
  ! changed tasklane.env || api=yes
  ! changed frontend.env || web=yes
  if [ "$api$web" = nono ]; then
    rm -rf -- "$into"
    revive_frontend
    say "already running at $url; nothing was changed (scripts/down stops it)"
    return
  fi
  say "the settings have changed: applying them"
  check_configuration changed
  [ -e "$(setting FASTCGI_SOCKET)" ] || fail 1 "another FASTCGI_SOCKET: that takes scripts/down first"
  change
  note_settings
  say "running at $url with the changed settings"
}

# Which services there are is settled at the start.
keep_services() {
  local own=no
  ! runs postgres || own=yes
  [ "$private_database" = "$own" ] || fail 1 "with or without a private Postgres (DATABASE_URL): that takes scripts/down first"
  [ "$(kept_option frontend)" != no ] || frontend=no
  keep_frontend
}
