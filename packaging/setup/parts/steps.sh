# How a set-up goes on: steps, each of them commands that can be printed, and a list of the files that they made.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }

# STATUS SENTENCE: ends the set-up. Statuses as in app/base/exit_codes.h: 1 failed, 2 usage, 100 configuration.
fail() {
  printf 'tasklane setup: %s\n' "$2" >&2
  exit "$1"
}
refuse_usage() {
  printf 'tasklane setup: %s\nTry: tasklane setup --help\n' "$1" >&2
  exit 2
}

check_host() {
  [ "$here" = /usr/libexec/tasklane ] || fail 1 "this sets up the installed Debian package alone"
  [ "$(id -u)" -eq 0 ] || [ "$dry" = yes ] || fail 1 "this changes the system: run it as root"
  [[ $instance =~ ^[a-z0-9]+(-[a-z0-9]+)*$ && ${#instance} -le 32 ]] ||
    refuse_usage "--instance: letters in lower case, digits and single hyphens between them, at most 32"
}

# Where everything of this instance is.
name_paths() {
  etc=/etc/tasklane unit=tasklane web_unit=tasklane-web site=tasklane env_option=''
  if [ "$instance" != tasklane ]; then
    etc=/etc/tasklane/$instance unit=tasklane@$instance web_unit=tasklane-web@$instance site=tasklane-$instance
    env_option=" --env-file $etc/tasklane.env"
  fi
  env_file=$etc/tasklane.env web_env=$etc/web.env credentials=$etc/credentials tls=$etc/tls
  roles=${site//-/_}
  available=/etc/nginx/sites-available/$site.conf enabled=/etc/nginx/sites-enabled/$site.conf
  made=/var/lib/tasklane/setup.d/$instance
  web=no changed=no
  [ ! -x /usr/libexec/tasklane-web/migrate ] || web=yes
  systemd=no
  [ ! -d /run/systemd/system ] || systemd=yes
  [ "$systemd" = yes ] || start=no
}

begin() {
  work=$(mktemp -d)  # 0700
  trap 'rm -rf -- "$work"' EXIT
  trap 'printf "\ntasklane setup: stopped; the next run goes on from here\n" >&2; exit 130' INT
  trap 'exit 143' TERM HUP
  [ "$dry" = no ] || return 0
  install -d -m 0755 "${made%/*}"
  exec 9>>/run/tasklane-setup.lock
  flock -n 9 || fail 1 "another tasklane setup is at work"
}

is_made() { grep -qxF -- "$1" "$made" 2>/dev/null; }

# TITLE [FILE]…, and the commands on standard input. FILEs are what they make: each is noted before it is there, so that
# a set-up cut short is taken away whole. What was there before is the operator's, and is never noted.
step() {
  local title=$1 text file noted=''
  text=$(cat)
  for file in "${@:2}"; do
    if ! is_made "$file" && [ ! -e "$file" ] && [ ! -L "$file" ]; then noted+="echo $file >>$made"$'\n'; fi
  done
  changed=yes
  if [ "$dry" = yes ]; then
    printf '\n# %s\n%s%s\n' "$title" "$noted" "$text"
    return
  fi
  say "$title"
  bash -euo pipefail -c "$noted$text" 9>&- || fail 1 "that step failed; once it is mended, run the same command again"
}
