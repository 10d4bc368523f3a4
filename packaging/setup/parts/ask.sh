# What has to be known before anything is changed: from options, from an earlier run, else asked for.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

on_terminal() { [ "$ask" = yes ] && [ -t 0 ] && [ -t 1 ]; }

# NAME FILE: the value of a setting there, unquoted.
value_in() { { sed -n "s/^$1=//p" "$2" 2>/dev/null || true; } | tail -n 1 | tr -d "\"'"; }

# QUESTION DEFAULT: sets $answer.
question() {
  read -r -p "$1 [$2] " answer || fail 1 "no answer; options tell it, too: tasklane setup --help"
  : "${answer:=$2}"
}

# The documents' own example serves nobody: `tasklane check` refuses it, too.
valid_name() { [[ $1 != @(*.|)example.@(com|net|org) && $1 =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ && ${#1} -le 253 && $1 != *..* ]]; }

check_options() {
  name=${name,,}
  [ -z "$name" ] || valid_name "$name" || refuse_usage "--name needs a host name of yours, without https:// and without a path"
  [ -z "$database" ] || [[ $database =~ ^[a-z_][a-z0-9_]{0,62}$ ]] ||
    refuse_usage "--database: letters in lower case, digits and underscores, at most 63"
  [ -z "$email" ] || [[ $email =~ ^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$ ]] || refuse_usage "--certbot needs an e-mail address"
  [ -z "$email" ] || command -v certbot >/dev/null || fail 1 "there is no certbot: apt install certbot"
  local program
  for program in nginx openssl curl jq psql; do
    command -v "$program" >/dev/null || missing+=" $program"
  done
  [ -z "${missing:-}" ] || fail 1 "missing:$missing (apt install nginx openssl curl jq postgresql-client)"
  [ -d /etc/nginx/sites-enabled ] ||
    fail 1 "nginx has no /etc/nginx/sites-enabled, as Debian's has: see the long way in /usr/share/tasklane/docs/OPERATIONS.md"
  nginx -t -q 2>"$work/nginx" || fail 1 "nginx refuses its configuration as it is, before this set-up: $(head -n 1 "$work/nginx")"
}

# Sets $name and $origin. The name of an earlier run counts, unless an option gives another.
find_name() {
  local known https
  known=$(value_in SERVER_NAME "$env_file")
  known=${known%% *}
  renamed=no
  if [ -n "$name" ]; then
    [ -z "$known" ] || [ "$name" = "$known" ] || renamed=yes
  elif [ -n "$known" ]; then
    name=$known
  else
    name=$(hostname -f 2>/dev/null || hostname)
    name=${name,,}
    [ "$instance" = tasklane ] || name=$instance.$name
    valid_name "$name" || name=localhost
    if on_terminal; then
      while question "The host name that browsers will use:" "$name"; do
        answer=${answer,,}
        if valid_name "$answer"; then name=$answer; break; fi
        note "that is not a host name of yours"
      done
    elif [ "$ask" = yes ]; then
      refuse_usage "--name is needed: there is no terminal to ask on (--yes takes $name)"
    fi
  fi
  https=$(value_in HTTPS_PORT "$env_file")
  origin=https://$name
  [ -z "$https" ] || [ "$https" = 443 ] || origin+=:$https
}

# A certificate of Let's Encrypt takes a name that leads here and an address for its notices.
find_certificate_wish() {
  [ -z "$email" ] && on_terminal && [ -z "$(value_in TLS_CERTIFICATE "$env_file")" ] && [ ! -e "$tls/fullchain.pem" ] &&
    [[ $name == *.*[a-z] ]] && command -v certbot >/dev/null || return 0
  question "An e-mail address for a certificate of Let's Encrypt, or nothing for a self-signed one:" "self-signed"
  [ "$answer" = self-signed ] || email=$answer
  [ -z "$email" ] || [[ $email =~ ^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$ ]] || fail 2 "that is no e-mail address"
}
