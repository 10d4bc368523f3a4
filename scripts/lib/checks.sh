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
    status=$(curl -gsS -m 20 --noproxy localhost,127.0.0.1,::1 --path-as-is "${trust[@]}" "${how[@]}" -D "$work/headers" \
      -o "$work/body" -w '%{http_code}' "$@" "$url_asked" 2>"$work/trouble") || status=000
    if [ "$status" = 201 ]; then field .id >>"$work/created"; fi
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

# Deletes what was created, whoever it belongs to now, and what a request that was cut short may have created.
clean_up() {
  local who id
  trap '' INT TERM HUP PIPE
  for who in alice bob; do
    [ -e "$work/$who" ] || continue
    ask "$who" GET /api/tasks
    field ".[] | select(.title | startswith(\"$mark\")) | .id" >>"$work/created"
    while read -r id; do ask "$who" DELETE "/api/tasks/$id"; done < <(grep -xE '[0-9]+' "$work/created" | sort -u)
  done
  rm -rf -- "$work"
}
