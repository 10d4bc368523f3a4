# Isolation: what is one user's is for another not there.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify and 30-tasks.sh
section "Isolation"
if [ ! -e "$work/bob" ]; then
  note "isolation needs the tokens of two users: give a second --token"
elif [ -n "$who" ] && [ "$(subject bob)" = "$who" ]; then
  note "isolation needs the tokens of two users: both given are of one"
else
  ask bob GET /api/tasks
  check "another user's list does not have the task" 200 "all(.[]; .id != $first)"
  ask bob GET /api/tasks/999999999999
  missing=$(field 'del(.request_id)')
  ask bob GET "/api/tasks/$first"
  check_error "another user does not find it" 404 not_found_error
  check "and cannot tell it from one that never was" 404 "del(.request_id) == $missing"
  send bob PUT "/api/tasks/$first" "{\"title\": \"$mark stolen\"}"
  check_error "cannot change it" 404 not_found_error
  ask bob PATCH "/api/tasks/$first/complete"
  check_error "cannot complete it" 404 not_found_error
  ask bob DELETE "/api/tasks/$first"
  check_error "cannot delete it" 404 not_found_error
  if [ -n "$who" ]; then
    own=/api/$(jq -rn --arg who "$who" '$who | @uri')/tasks
    ask bob GET "$own"
    check_error "and may not use the owner's path" 403 authorization_error
    send bob POST "$own" "{\"title\": \"$mark stray\"}"
    check_error "not to write either" 403 authorization_error
  fi
  ask alice GET "/api/tasks/$first"
  check "its owner finds it as it was" 200 ".id == $first and .completed == true and .title == \"$mark one\""
fi
