# Whether a web app and an API belong together. Whatever does not fit is told by the name of the variable that is wrong.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, checks.sh and scripts/verify

. "$(dirname "${BASH_SOURCE[0]}")/integration_page.sh"
. "$(dirname "${BASH_SOURCE[0]}")/integration_parts.sh"
. "$(dirname "${BASH_SOURCE[0]}")/integration_session.sh"

check_frontend() {
  section "Web app $page, API $url"
  find_page || return 0
  sign_up && get_token && use_token && same_database
  load_page
  if [ "$page" != "$url" ]; then other_origin; fi
  leave
}

use_token() {
  local detail issuer audience accepts="the API accepts it"
  for _ in 1 2 3 4; do  # workers look for a new key once in a few seconds
    ask alice GET /api/tasks
    detail=$(field .detail)
    [[ $detail == *"unknown key"* ]] || break
    sleep 2
  done
  issuer=$(claim 2 .iss) audience=$(claim 2 '.aud | if type == "array" then join(" or ") else . end')
  case $status:$detail in
    200:*) check "$accepts" 200 'type == "array"'; return ;;
    401:*"(iss)"*) blame AUTH_ISSUER "$accepts" "200: the token's iss is $issuer, AUTH_ISSUER is $(configured AUTH_ISSUER)" ;;
    401:*"(aud)"*) blame AUTH_AUDIENCE "$accepts" "200: the token's aud is $audience, AUTH_AUDIENCE is $(configured AUTH_AUDIENCE)" ;;
    401:*"unknown key"*)
      blame "$([ "$(in_file AUTH_JWKS)" = database ] || echo 'AUTH_JWKS, or ')DATABASE_URL is another database than the web app's" "$accepts" 200
      ;;
    401:*signature* | 401:*algorithm*) blame "BETTER_AUTH_SECRET: the two sides differ" "$accepts" 200 ;;
    401:*expired* | 401:*"not valid yet"*) blame "nothing: the clocks of the two hosts differ" "$accepts" 200 ;;
    *) blame "the API itself: see scripts/verify" "$accepts" 200 ;;
  esac
  return 1
}
