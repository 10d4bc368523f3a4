# tasklane.env and web.env. A line that is there is the operator's: only a new --name changes it.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

head_line="# By \`tasklane setup\`:"

# FILE NAME=VALUE…: one step for those that are missing, or that a new name changes.
settings() {
  local file=$1 line known commands='' added=''
  for line in "${@:2}"; do
    known=$(value_in "${line%%=*}" "$file")
    if ! grep -q "^${line%%=*}=" "$file" 2>/dev/null; then
      added+=$line$'\n'
    elif [ "$known" != "${line#*=}" ] && [ "$force" = yes ]; then
      commands+="sed -i 's|^${line%%=*}=.*|$line|' $file"$'\n'
    fi
  done
  [ -n "$commands$added" ] || return 0
  [ -e "$file" ] || commands+="install -m 0640 -g tasklane ${pristine:-/dev/null} $file"$'\n'
  if [ -n "$added" ]; then
    grep -qxF "$head_line" "$file" 2>/dev/null || added=$head_line$'\n'$added
    commands+="cat >>$file <<'TEXT'"$'\n'"${added}TEXT"$'\n'
  fi
  step "Settings in $file" "$file" <<<"${commands%$'\n'}"
}

# FIRST: the first port from there on that nobody listens on and no other configuration names.
free_port() {
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null ||
    grep -qsE "(:|^PORT=)$port$" /etc/tasklane/*.env /etc/tasklane/*/*.env; do port=$((port + 1)); done
  printf '%s' "$port"
}

write_settings() {
  local api=("SERVER_NAME=$name") app=("BETTER_AUTH_URL=$origin") port force=$renamed pristine=/usr/share/tasklane/tasklane.env
  if [ "$instance" != tasklane ]; then
    api+=("INSTANCE=$instance" "TLS_CERTIFICATE=$tls/fullchain.pem" "TLS_CERTIFICATE_KEY=$tls/privkey.pem")
  fi
  if [ "$web" = yes ]; then api+=("AUTH_JWKS=database" "AUTH_ISSUER=$origin" "AUTH_AUDIENCE=$origin"); fi
  settings "$env_file" "${api[@]}"
  pristine='' force=no
  if ! grep -qE '^OPERATIONS_LISTEN=' "$env_file" 2>/dev/null; then
    port=8082
    is_set_up || port=$(free_port 8082)
    [ "$port" = 8082 ] || settings "$env_file" "OPERATIONS_LISTEN=127.0.0.1:$port"
  fi
  [ "$web" = yes ] || return 0
  port=$(value_in FRONTEND_UPSTREAM "$env_file")
  port=${port##*:}
  [ -n "$port" ] || port=$(free_port 3000)
  [ "$port" = 3000 ] || app+=("PORT=$port")
  settings "$env_file" "FRONTEND_UPSTREAM=127.0.0.1:$port" "FRONTEND_ROOT=/var/lib/tasklane-web/www"
  force=$renamed
  settings "$web_env" "${app[@]}"
}

is_set_up() { [ -L "$enabled" ]; }
