# The tables, and what roles may do with them.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

# In the new database, as its administrator.
auth_rights() {
  cat <<TEXT
GRANT ${roles}_auth_owner TO ${roles}_owner;
GRANT USAGE, CREATE ON SCHEMA public TO ${roles}_auth_owner;
GRANT USAGE ON SCHEMA public TO ${roles}_auth;
ALTER DEFAULT PRIVILEGES FOR ROLE ${roles}_auth_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${roles}_auth;
ALTER DEFAULT PRIVILEGES FOR ROLE ${roles}_auth_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${roles}_auth;
TEXT
}

migrate() {
  local before=$changed sql='' first="tasklane migrate$env_option | tail -n 1"
  # The migrations know the role tasklane_api alone: an instance's own role gets its rights further down.
  [ "$roles" = tasklane ] || first="{ ${first/ |/ 2>$work/undone |}; } || grep -q 'left undone' $work/undone || { cat $work/undone >&2; exit 1; }"
  # These first: the API's migrations then delete the tasks of a user who is deleted there.
  [ "$web" = no ] || step "Better Auth's tables" \
    <<<"DATABASE_URL_FILE=$credentials/WEB_DATABASE_URL_DIRECT /usr/libexec/tasklane-web/migrate"
  step "The API's tables" <<<"$first"
  changed=$before
  [ "$roles" = tasklane ] ||
    sql="CALL tasklane_grant('${roles}_api');"$'\n'"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tasklane_api;"$'\n'
  # Keys that were encrypted with a secret that is gone are of no use: the next token makes a new one.
  [ "$web" = no ] || [ "$new_secret" = no ] ||
    sql+="UPDATE jwks SET \"expiresAt\" = now() WHERE \"expiresAt\" IS NULL OR \"expiresAt\" > now();"$'\n'
  [ -n "$sql" ] || return 0
  (umask 077 && add_service owner "$(head -n 1 "$credentials/DATABASE_URL_DIRECT" 2>/dev/null || echo postgresql://)" >"$work/owner")
  step "Rights, and an end for signing keys of another secret" <<TEXT
PGSERVICEFILE=$work/owner PGSERVICE=owner psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
${sql}SQL
TEXT
  [ "$roles" = tasklane ] || step "Nothing is left to do for its role" <<<"tasklane migrate$env_option >/dev/null"
  changed=$before
}
