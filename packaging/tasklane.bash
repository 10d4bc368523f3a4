# bash completion for tasklane. It asks the command itself, so it never knows less or more than that does.
# shellcheck shell=bash

_tasklane() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} words
  compopt +o nospace +o filenames 2>/dev/null
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=$("$program" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$words --help --version" -- "$word")
    return
  fi
  case ${COMP_WORDS[1]}:$word in
    user:-*) ;;
    user:*)
      words=
      [ "$COMP_CWORD" -gt 2 ] || words=$("$program" user --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
      return ;;
    backup:-* | restore:-* | maintenance:-* | read-only:-*) ;;
    backup:* | restore:*) [ "$COMP_CWORD" -gt 2 ] || { mapfile -t COMPREPLY < <(compgen -f -- "$word"); return; } ;;
    maintenance:* | read-only:*) [ "$COMP_CWORD" -gt 2 ] || { mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$word"); return; } ;;
  esac
  case $previous in
    --env-file | --socket | --database-url-file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --sql | --out | --templates | --docs)
      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --ttl) mapfile -t COMPREPLY < <(compgen -W '15m 1h 1d 7d' -- "$word"); return ;;
    --sub | --name | --database | --certbot | --instance) COMPREPLY=(); return ;;
  esac
  words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | sed -n 's/^  \(-[a-zA-Z], \)\?\(--[a-z-]*\).*/\2/p')
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _tasklane tasklane
