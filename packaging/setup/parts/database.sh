# Secrets, roles and the database; then its tables.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

# NAME TEXT: a file of root's alone, unless it is there. The shell makes the secret when the step runs.
secret() {
  [ ! -s "$credentials/$1" ] || return 0
  new+=("$credentials/$1")
  commands+="install -m 0600 /dev/stdin $credentials/$1 <<<\"$2\""$'\n'
}

url_for() { printf '%s' "postgresql://$1:\$(openssl rand -hex 24)@$place/$database$query"; }  # ROLE

make_secrets() {
  local new=() commands=''
  [ -d "$credentials" ] || commands="install -d -m 0755 $etc"$'\n'"install -d -m 0700 $credentials"$'\n'
  secret DATABASE_URL "$(url_for "${roles}_api")"
  secret DATABASE_URL_DIRECT "$(url_for "${roles}_owner")"
  new_secret=no
  if [ "$web" = yes ]; then
    secret WEB_DATABASE_URL "$(url_for "${roles}_auth")"
    secret WEB_DATABASE_URL_DIRECT "$(url_for "${roles}_auth_owner")"
    [ -s "$credentials/WEB_BETTER_AUTH_SECRETS" ] || new_secret=yes
    secret WEB_BETTER_AUTH_SECRETS "1:\$(openssl rand -base64 32)"
  elif [ ! -s "$credentials/BETTER_AUTH_SECRETS" ]; then
    secret BETTER_AUTH_SECRET "\$(openssl rand -base64 32)"
  fi
  [ -z "$commands" ] || step "Secrets in $credentials" "${new[@]}" <<<"${commands%$'\n'}"
}

make_database() {
  local file files=(DATABASE_URL DATABASE_URL_DIRECT)
  [ "$web" = no ] || files+=(WEB_DATABASE_URL WEB_DATABASE_URL_DIRECT)
  make_secrets
  for file in "${files[@]}"; do
    logs_in "$credentials/$file" || break
    [ "$file" != "${files[-1]}" ] || return 0
  done
  make_roles
  [ "$dry" = no ] || return 0
  for file in "${files[@]}"; do
    logs_in "$credentials/$file" || fail 1 "the URL in $credentials/$file opens no connection: $(tail -n 1 "$work/refusal")"
  done
}

# Of a role whose secret this command made; an operator's own secret is about a role of the operator's.
role() {  # NAME FILE [MORE]
  is_made "$credentials/$2" || [ "$dry" = yes ] || return 0
  printf "ALTER ROLE %s LOGIN%s PASSWORD '\$(cut -d: -f3 %s | cut -d@ -f1)';\n" "$1" "${3:+ $3}" "$credentials/$2"
}

# Better Auth's tables belong to a role that the web app does not log in as. The owner of the tasks is its member: the
# workers' view of public keys reads with the owner's rights. A superuser's session logs none of the passwords.
make_roles() {
  local names="${roles}_owner,${roles}_api" auth='' rights=''
  if [ "$web" = yes ]; then
    names+=",${roles}_auth_owner,${roles}_auth"
    auth=$(role "${roles}_auth_owner" WEB_DATABASE_URL_DIRECT && role "${roles}_auth" WEB_DATABASE_URL)
    rights=$(auth_rights)
  fi
  step "The database $database and its roles" <<TEXT
cd /
$admin -Xq -v ON_ERROR_STOP=1 -o /dev/null <<SQL
SELECT set_config('log_statement', 'none', false), set_config('log_min_error_statement', 'panic', false)
  FROM pg_roles WHERE rolname = current_user AND rolsuper;
SELECT format('CREATE ROLE %I', name) FROM unnest('{$names}'::text[]) AS name WHERE to_regrole(name) IS NULL \\gexec
SELECT format('GRANT %I TO CURRENT_USER', name) FROM unnest('{$names}'::text[]) AS name, pg_roles
  WHERE rolname = current_user AND NOT rolsuper \\gexec
$(role "${roles}_owner" DATABASE_URL_DIRECT CREATEROLE)
$(role "${roles}_api" DATABASE_URL)
GRANT ${roles}_api TO ${roles}_owner WITH ADMIN OPTION;
$auth
SELECT 'CREATE DATABASE $database OWNER ${roles}_owner ENCODING ''UTF8'' TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$database') \\gexec
\\connect $database
$rights
SQL
TEXT
}
