# Units, readiness, and the checks from outside.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

start_units() {
  local units=("$unit.socket" "$unit.service") anew="tasklane upgrade --wait$env_option"
  step "The configuration is checked" <<<"tasklane check$env_option --db"
  [ "$start" = yes ] || return 0
  if [ "$web" = yes ]; then units+=("$web_unit.service") anew+=$'\n'"systemctl restart $web_unit"; fi
  if ! systemctl --quiet is-enabled "${units[@]}" 2>/dev/null || ! systemctl --quiet is-active "${units[@]}"; then
    step "The units start" <<<"systemctl enable --now ${units[*]}"
  elif [ "$changed" = yes ] || [ "$(running_version)" != "$(tasklane --version | cut -d' ' -f2)" ]; then
    step "What runs takes over what has changed" <<<"$anew"
  fi
  wait_until_ready
}

# By the certificate as well: nginx's reload returns before its new workers serve.
wait_until_ready() {
  local address=${origin#https://}
  find_trust
  [[ $address == *:* ]] || address+=:443
  step "Waiting until all is ready" <<TEXT
curl -fsS -o /dev/null --noproxy '*'$trust --resolve $address:127.0.0.1 --retry 60 --retry-delay 1 --retry-max-time 90 --retry-all-errors $origin/readyz 2>$work/waited ||
  { grep '^curl: (' $work/waited | tail -n 1 >&2; exit 1; }
TEXT
}

# Whom curl believes besides the authorities that the system knows: a certificate that signed itself.
find_trust() {
  local file
  file=$(value_in TLS_CERTIFICATE "$env_file")
  : "${file:=$tls/fullchain.pem}"
  trust=''
  if [ "$file" = "$tls/fullchain.pem" ] && { [ "$dry" = yes ] || is_self_signed "$file"; }; then trust=" --cacert $file"; fi
}

is_self_signed() { [ "$(openssl x509 -in "$1" -noout -subject_hash)" = "$(openssl x509 -in "$1" -noout -issuer_hash)" ]; }

# shellcheck disable=SC2086  # two words
running_version() { tasklane pool$env_option 2>/dev/null | jq -r '.version' 2>/dev/null || true; }

# From this host, whatever the name leads to so far.
verify() {
  [ "$start" = yes ] || return 0
  step "Verifying, from outside" <<TEXT
/usr/share/tasklane/scripts/verify --local --url $origin --env-file $env_file$trust$([ "$web" = no ] || echo " --service --frontend") >$work/verified ||
  { grep -A 3 ^FAIL $work/verified; exit 1; }
tail -n 1 $work/verified
TEXT
}

tell_the_end() {
  [ "$dry" = no ] || return 0
  if [ "$start" = no ]; then
    say "Nothing was started: $([ "$systemd" = yes ] || echo 'systemd does not run here. ')/usr/share/tasklane/docs/OPERATIONS.md, Other supervisors"
    return
  fi
  printf '\nTasklane serves %s/\n' "$origin"
  [ "$web" = no ] || printf '  sign up        %s/sign-up\n' "$origin"
  printf '  API reference  %s/docs/\n  configuration  %s\n  logs           journalctl -u %s -f\n' "$origin" "$env_file" "$unit"
  [ "$web" = yes ] || printf '  a token        tasklane token --sub alice%s\n' "$env_option"
  [ -z "$trust" ] || printf '\nThe certificate is self-signed, so browsers warn. Once the name leads here: apt install certbot\n  tasklane setup --certbot YOU@EXAMPLE.COM%s\n' \
    "$([ "$instance" = tasklane ] || echo " --instance $instance")"
}
