# What scripts/verify asks with and checks with. Each check is one line: ok or FAIL and a sentence.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh and scripts/verify

passed=0 failed=0 status=000

section() { printf '\n%s\n' "$1"; }
note() { printf 'note  %s\n' "$1"; }
ok() { printf 'ok    %s\n' "$1"; passed=$((passed + 1)); }

bad() {  # SENTENCE EXPECTED
  printf 'FAIL  %s\n      expected %s\n      %s: %s %s\n' "$1" "$2" "$asked" "$status" "$(head -c 300 "$work/body" | tr -d '\r' | tr '\n' ' ')"
  failed=$((failed + 1))
}

# WHO METHOD PATH [CURL ARGUMENT]…: sets $status; the answer is in $work/headers and $work/body. WHO: nobody, alice, bob.
ask() {
  local who=$1 how=(-X "$2") url_asked=$url$3
  asked="$2 ${3:0:80} as $1"
  [ "$2" != HEAD ] || how=(--head)
  [ "$who" = nobody ] || how+=(-H "@$work/$who")
  shift 3
  for _ in 1 2 3; do
    tee "$work/headers" >"$work/body" </dev/null
    status=$(curl -sS -m 20 --noproxy localhost,127.0.0.1,::1 --path-as-is "${trust[@]}" "${how[@]}" -D "$work/headers" \
      -o "$work/body" -w '%{http_code}' "$@" "$url_asked" 2>"$work/trouble") || status=000
    [ "$status" = 429 ] || return 0  # the deployment's own rate limit
    sleep 1
  done
}

send() { ask "$1" "$2" "$3" -H 'Content-Type: application/json' --data-binary "$4"; }  # WHO METHOD PATH JSON

field() { jq -r "$1" "$work/body" 2>/dev/null || true; }
header() { sed -n "s/^$1: *//Ip" "$work/headers" | tr -d '\r' | paste -sd, -; }  # NAME: its value

# SENTENCE STATUS [JQ CONDITION]: of the last answer.
check() {
  if [ "$status" = "$2" ] && { [ -z "${3:-}" ] || jq -e --arg mark "$mark" "$3" "$work/body" >/dev/null 2>&1; }; then ok "$1"; else
    bad "$1" "$2${3:+ with $3}"
  fi
}

check_header() {  # SENTENCE NAME PATTERN
  if grep -qiE "^($3)\$" <<<"$(header "$2")"; then ok "$1"; else bad "$1" "$2: $3, came '$(header "$2")'"; fi
}

check_error() {  # SENTENCE STATUS ERROR_TYPE: the one shape of every error
  check "$1" "$2" "(.detail | type == \"string\" and . != \"\") and .message == .detail and .status_code == $2
    and .error_type == \"$3\" and (.request_id | type == \"string\" and . != \"\") and (has(\"error\") | not)"
}

subject() {  # WHO: the user's id, read from the token
  cut -d. -f2 "$work/$1" | jq -rR 'gsub("-"; "+") | gsub("_"; "/") | . + "=="[:(4 - length % 4) % 4] | @base64d | fromjson | .sub'
}

take_tokens() {
  local who tasklane
  for tasklane in "$state/app/bin/tasklane" "$project/build/release/app/tasklane" tasklane; do ! command -v "$tasklane" >/dev/null || break; done
  for who in alice bob; do
    if [ ${#tokens[@]} -gt 0 ] && [[ ${tokens[0]} == @* ]]; then tokens[0]=$(<"${tokens[0]#@}"); fi
    if [ ${#tokens[@]} -eq 0 ]; then
      [ "$who" = bob ] && [ "${given:-no}" = yes ] && return
      tokens=("$("$tasklane" token --sub "verify-$who" --ttl 15m --env-file "$env_file")") || fail 2 "no token could be made; give --token"
    else given=yes; fi
    printf 'Authorization: Bearer %s\n' "${tokens[0]}" >"$work/$who"
    tokens=("${tokens[@]:1}")
  done
}

clean_up() {
  local who id
  for who in alice bob; do
    [ -e "$work/$who" ] || continue
    ask "$who" GET /api/tasks
    for id in $(field ".[] | select(.title | startswith(\"$mark\")) | .id"); do ask "$who" DELETE "/api/tasks/$id"; done
  done
  rm -rf -- "$work"
}
