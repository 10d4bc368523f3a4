# Whose tokens scripts/verify uses. They stay in files that only it can read, and are never on a command line.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify

subject() {  # WHO: the user's id, read from the token
  cut -d. -f2 "$work/$1" | jq -rR 'gsub("-"; "+") | gsub("_"; "/") | . + "=="[:(4 - length % 4) % 4] | @base64d | fromjson | .sub'
}

# The words for alice and bob: as given, or made from the env file's secret.
take_tokens() {
  local tasklane who tokens_given=${#tokens[@]}
  for tasklane in "$state/app/bin/tasklane" "$project/build/release/app/tasklane" tasklane; do
    ! command -v "$tasklane" >/dev/null || break
  done
  for who in alice bob; do
    if [ "$tokens_given" -eq 0 ]; then
      tokens=("$("$tasklane" token --sub "verify-$who" --ttl 15m --env-file "$env_file")") ||
        fail 2 "no token could be made from $env_file; give --token"
    fi
    [ ${#tokens[@]} -gt 0 ] || break
    [[ ${tokens[0]} != @* ]] || tokens[0]=$(<"${tokens[0]#@}")
    printf 'Authorization: Bearer %s\n' "${tokens[0]}" >"$work/$who"
    tokens=("${tokens[@]:1}")
  done
}
