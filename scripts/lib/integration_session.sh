# The user that scripts/verify --frontend signs up at the web app, that user's token, and the end of both.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, checks.sh and scripts/verify

sign_up() {
  local password
  password=$(openssl rand -hex 16)
  email=${mark##* }@verify.invalid
  jq -n --arg email "$email" --arg password "$password" '{$email, $password, name: "scripts/verify"}' >"$work/form"
  on_page POST /api/auth/sign-up/email -H 'Content-Type: application/json' --data-binary "@$work/form"
  case $status in
    200) check "a new user signs up" 200 '.user.id' ;;
    400 | 404) blame "nothing: the web app takes no new users by e-mail address and password" "a new user signs up" 200; return 1 ;;
    403) blame BETTER_AUTH_URL "a new user signs up" "200: the web app has to know its own origin, $page"; return 1 ;;
    429) blame "nothing: too many sign-ups from here, try again in a minute" "a new user signs up" 200; return 1 ;;
    *)
      blame "$(ours "DATABASE_URL of the web app (scripts/up: FRONTEND_DATABASE_URL), or migrate.mjs was not run" \
        "the web app's database, or Better Auth's migration was not run")" "a new user signs up" 200
      return 1
      ;;
  esac
  user=$(field .user.id)
  [ "$(field .token)" != null ] || sign_in
}

# Where signing up makes no session.
sign_in() {
  on_page POST /api/auth/sign-in/email -H 'Content-Type: application/json' --data-binary "@$work/form"
  [ "$status" != 403 ] || {
    blame "nothing: the web app has new users confirm their e-mail addresses first" "the new user signs in" 200
    return 1
  }
  check "the new user signs in" 200 '.user.id'
}

get_token() {
  local kid
  on_page GET /api/auth/token
  case $status in
    200) ;;
    401) blame "the web app's session cookie: it did not come back (Better Auth's baseURL, or a cookie domain)" "it gets a token" 200; return 1 ;;
    404) blame "Better Auth's jwt plugin: the web app does not use it" "it gets a token" 200; return 1 ;;
    *) blame "BETTER_AUTH_SECRET of the web app: another one than its keys in jwks were encrypted with" "it gets a token" 200; return 1 ;;
  esac
  jwt=$(field .token)
  check "it gets a token" 200 '.token | test("^[^.]+[.][^.]+[.][^.]+$")'
  printf 'Authorization: Bearer %s\n' "$jwt" >"$work/alice"
  : >"$work/body"  # a check that fails shows it
  algorithm=$(claim 1 .alg) kid=$(claim 1 .kid)
  if [ "$(claim 2 .sub)" = "$user" ]; then ok "it is that user's"; else bad "it is that user's" "sub $user, came '$(claim 2 .sub)'"; fi
  if [ "$(claim 2 .iss | party)" = "$(party <<<"$page")" ]; then ok "its issuer is the page's origin"; elif [ "$own_web_app" = yes ]; then
    blame BETTER_AUTH_URL "its issuer is the page's origin" "iss $page, came '$(claim 2 .iss)'"
  fi
  [ "$algorithm" != HS256 ] || { note "it is signed with the shared secret (HS256)"; return 0; }
  on_page GET /api/auth/jwks
  [ "$status" != 404 ] || [ "$own_web_app" = yes ] || return 0
  check "its key $kid ($algorithm) is published" 200 ".keys | map(.kid) | index(\"$kid\") != null"
}

# The tasks go with clean_up; the user by Better Auth's own way, when the web app offers it.
leave() {
  [ -n "${user:-}" ] || return 0
  jq '{password}' "$work/form" >"$work/leave"
  on_page POST /api/auth/delete-user -H 'Content-Type: application/json' --data-binary "@$work/leave"
  if [ "$status" = 200 ]; then note "the user $email is deleted again"; else
    note "the user $email stays: the web app offers no delete-user"
  fi
}
