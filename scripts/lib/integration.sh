# Whether a web app and an API belong together. Whatever does not fit is told by the name of the variable that is wrong.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, checks.sh and scripts/verify

. "$(dirname "${BASH_SOURCE[0]}")/integration_parts.sh"

check_frontend() {
  section "Web app $page, API $url"
  sign_up && get_token && use_token && same_database
  if [ "$page" != "$url" ]; then other_origin; fi
  leave
}

sign_up() {
  local password
  password=$(openssl rand -hex 16)
  email=${mark##* }@verify.invalid
  on_page GET /api/auth/ok
  if [ "$status" = 200 ]; then ok "the web app answers"; else
    blame "FRONTEND_UPSTREAM, or the web app is down" "the web app answers" 200
    return 1
  fi
  jq -n --arg email "$email" --arg password "$password" '{$email, $password, name: "scripts/verify"}' >"$work/form"
  on_page POST /api/auth/sign-up/email -H 'Content-Type: application/json' --data-binary "@$work/form"
  case $status in
    200) check "a new user signs up" 200 '.user.id' ;;
    403) blame BETTER_AUTH_URL "a new user signs up" "200: the web app has to know its own origin, $page"; return 1 ;;
    429) blame "nothing: too many sign-ups from here, try again in a minute" "a new user signs up" 200; return 1 ;;
    *) blame "DATABASE_URL of the web app (scripts/up: FRONTEND_DATABASE_URL), or migrate.mjs was not run" "a new user signs up" 200; return 1 ;;
  esac
  user=$(field .user.id)
}

get_token() {
  local kid
  on_page GET /api/auth/token
  [ "$status" = 200 ] || {
    blame "BETTER_AUTH_SECRET of the web app: another one than its keys in jwks were encrypted with" "it gets a token" 200
    return 1
  }
  jwt=$(field .token)
  check "it gets a token" 200 '.token | test("^[^.]+[.][^.]+[.][^.]+$")'
  printf 'Authorization: Bearer %s\n' "$jwt" >"$work/alice"
  : >"$work/body"  # a check that fails shows it
  algorithm=$(claim 1 .alg) kid=$(claim 1 .kid)
  if [ "$(claim 2 .sub)" = "$user" ]; then ok "it is that user's"; else bad "it is that user's" "sub $user, came '$(claim 2 .sub)'"; fi
  if [ "$(claim 2 .iss)" = "$page" ]; then ok "its issuer is the page's origin"; else
    blame BETTER_AUTH_URL "its issuer is the page's origin" "iss $page, came '$(claim 2 .iss)'"
  fi
  [ "$algorithm" != HS256 ] || { note "it is signed with the shared secret (HS256)"; return 0; }
  on_page GET /api/auth/jwks
  check "its key $kid ($algorithm) is published" 200 ".keys | map(.kid) | index(\"$kid\") != null"
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
    401:*"(iss)"*) blame AUTH_ISSUER "$accepts" "200 with AUTH_ISSUER=$issuer" ;;
    401:*"(aud)"*) blame AUTH_AUDIENCE "$accepts" "200 with AUTH_AUDIENCE=$audience" ;;
    401:*"unknown key"*)
      blame "$([ "$(in_file AUTH_JWKS)" = database ] || echo 'AUTH_JWKS, or ')DATABASE_URL is another database than the web app's" "$accepts" 200
      ;;
    401:*signature* | 401:*algorithm*) blame "BETTER_AUTH_SECRET: the two sides differ" "$accepts" 200 ;;
    401:*expired* | 401:*"not valid yet"*) blame "nothing: the clocks of the two hosts differ" "$accepts" 200 ;;
    *) blame "the API itself: see scripts/verify" "$accepts" 200 ;;
  esac
  return 1
}
