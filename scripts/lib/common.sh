# What the scripts share: where the project is, how they speak, how they wait for each other.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by the scripts that read this file

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
umask 022
PATH=$PATH:/usr/sbin:/sbin  # where a plain user's nginx is

say() { printf '==> %s\n' "$*"; }

# STATUS SENTENCE: ends the script. Statuses as in app/base/exit_codes.h: 1 failed, 2 usage, 100 configuration.
fail() {
  printf '%s: %s\n' "${0##*/}" "$2" >&2
  exit "$1"
}

# SENTENCE: wrong usage.
refuse_usage() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  usage >&2
  exit 2
}

number() { [[ $2 =~ ^[0-9]{1,5}$ ]] || refuse_usage "$1 needs a number"; }  # OPTION VALUE

# The state belongs to one script at a time. The lock ends with descriptor 9, which no service inherits.
lock_state() {
  exec 9>>"$state/lock"
  flock -w 10 9 || fail 1 "another scripts/up or scripts/down is at work on $state; try again when it is done"
}
unlock_state() { exec 9>&-; }
