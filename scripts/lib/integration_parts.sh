# What scripts/verify --frontend asks and blames with; and what it looks at besides the token: the database, and
# another origin.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh, checks.sh and scripts/verify

# NAMES SENTENCE EXPECTED: a FAIL that says where to look.
blame() {
  bad "$2" "$3"
  printf '      wrong: %s\n' "$1"
}

on_page() { url=$page ask nobody "$1" "$2" -H "Origin: $page" -b "$work/jar" -c "$work/jar" "${@:3}"; }  # METHOD PATH …
claim() { cut -d. -f"$1" <<<"$jwt" | jq -rR "$base64url | $2 // empty" 2>/dev/null || true; }  # PART FILTER
base64url='gsub("-"; "+") | gsub("_"; "/") | . + "=="[:(4 - length % 4) % 4] | @base64d | fromjson'
in_file() { { sed -n "s/^$1=//p" "$env_file" 2>/dev/null || true; } | tail -n 1 | tr -d "\"'"; }  # NAME, of the API; when it is known
configured() { local value; value=$(in_file "$1"); printf '%s' "${value:-not known here}"; }  # NAME

# A name to compare, of an issuer: without what app/auth/party.h leaves out.
party() {
  sed -E 's|^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*|\L&|; s,^(https://[^/?#]*):(443)?([/?#]|$),\1\3,; s,^(http://[^/?#]*):(80)?([/?#]|$),\1\3,; s|^([^?#]*)/$|\1|'
}

# One row joins the user that Better Auth stored and the task that the API stored. Needs the API's configuration and psql.
same_database() {
  local database password found
  send alice POST /api/tasks "{\"title\": \"$mark\"}"
  check "the API stores a task of that user" 201 ".user_id == \"$user\""
  database=$(in_file DATABASE_URL_DIRECT)
  : "${database:=$(in_file DATABASE_URL)}"
  if [ -z "$database" ] || ! command -v psql >/dev/null; then
    same_by_key "there is no psql, or no DATABASE_URL in $env_file, to look with"
    return 0
  fi
  password=$(sed -nE 's#^[a-z]+://[^:/@]*:([^@]*)@.*#\1#p' <<<"$database")
  password=$(printf '%b' "${password//%/\\x}")
  found=$(PGPASSWORD=$password psql -XqAt -v "id=$user" "$(sed -E 's#^([a-z]+://[^:/@]*):[^@]*@#\1@#' <<<"$database")" 2>&1 <<'SQL'
SELECT count(*) FROM "user" u JOIN tasks t ON t.user_id = u.id::text WHERE u.id::text = :'id'
SQL
  ) || { same_by_key "DATABASE_URL's role may not look (${found##*ERROR: })"; return 0; }
  asked="SELECT … FROM \"user\" JOIN tasks" status='' && printf '%s rows' "$found" >"$work/body"
  if [ "$found" = 1 ]; then ok "both sides reach the same database"; else
    blame "DATABASE_URL: the user is in another database than the tasks" "both sides reach the same database" "1 row"
  fi
}

# WHY: without a look into it, the key that was read from the database tells.
same_by_key() {
  if [ "$algorithm" != HS256 ] && [ "$(in_file AUTH_JWKS)" = database ]; then
    ok "both sides reach the same database: the API found the key in it"
  else
    note "that both sides reach the same database is not shown: $1"
  fi
}

# The page's browser has to be let in by the API, and by the page's own policy.
other_origin() {
  ask nobody OPTIONS /api/tasks -H "Origin: $page" -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: authorization'
  if [ "$(header access-control-allow-origin)" = "$page" ]; then ok "the API lets the page's origin in"; else
    blame CORS_ORIGINS "the API lets the page's origin in" "access-control-allow-origin: $page"
  fi
  may_call_api
}
