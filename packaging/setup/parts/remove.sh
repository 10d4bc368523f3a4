# Taking away what was made here, the database excepted.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

remove_all() {
  local units=("$unit.socket" "$unit.service" "$web_unit.service") file kept=''
  known_database=$(sed -nE '1s|.*/([^/?]+)(\?.*)?$|\1|p' "$credentials/DATABASE_URL" 2>/dev/null || true)
  if [ ! -s "$made" ]; then
    say "tasklane setup has made nothing here"
    return
  fi
  if on_terminal; then
    question "Remove units, site, secrets and settings of $site from this host? The database stays." no
    [[ $answer =~ ^[yY]([eE][sS])?$ ]] || fail 1 "nothing was removed"
  fi
  if [ "$systemd" = yes ]; then
    step "The units stop" <<<"systemctl disable --now ${units[*]} 2>/dev/null || true"
  fi
  step "Nginx's site goes" <<TEXT
rm -f $(grep '^/etc/nginx/' "$made" | paste -sd' ')
$([ "$systemd" = no ] || echo "if nginx -t -q && systemctl --quiet is-active nginx; then systemctl reload nginx; fi")
TEXT
  step "Files that this command made go" <<TEXT
$(certificates_to_remove)
$(files_to_remove)
$([ "$instance" != tasklane ] || echo "sed -i -E '/^(# By .tasklane setup.:|(SERVER_NAME|AUTH_(JWKS|ISSUER|AUDIENCE)|FRONTEND_(UPSTREAM|ROOT))=)/d' $env_file")
$(folders_to_remove)
rm -f $made
TEXT
  [ "$dry" = yes ] || tell_what_is_left
}

# What the operator has put in a certificate's place stays.
files_to_remove() {
  local sum file
  grep '^/' "$made" | grep -vE '^/etc/(nginx|letsencrypt)/' | while read -r file; do echo "rm -f $file"; done
  sed -n 's/^[0-9a-f]\{64\}  //p' "$made" | sort -u | while read -r file; do
    if as_made "$file"; then echo "rm -f $file"; else echo "# stays, since it was changed: $file"; fi
  done
}

# Certbot's, with its renewals, unless another site of nginx has it, too.
certificates_to_remove() {
  sed -n 's|^/etc/letsencrypt/renewal/\(.*\)[.]conf$|\1|p' "$made" | while read -r name; do
    echo "sed -i -E '\|^TLS_CERTIFICATE(_KEY)?=/etc/letsencrypt/live/$name/|d' $env_file"
    echo "grep -rqsF /etc/letsencrypt/live/$name/ /etc/nginx || ! command -v certbot >/dev/null || certbot delete --quiet --non-interactive --cert-name $name"
  done
}

# Of the default instance the package has them.
folders_to_remove() {
  local folder folders=("$tls")
  [ "$instance" = tasklane ] || folders+=("$credentials" "$etc")
  for folder in "${folders[@]}"; do
    [ ! -d "$folder" ] || echo "rmdir --ignore-fail-on-non-empty $folder"
  done
}

tell_what_is_left() {
  say "The database ${known_database:-} and its roles are still there. To delete them for ever, as its administrator:"
  note "DROP DATABASE ${known_database:-$roles};"
  note "DROP ROLE ${roles}_owner, ${roles}_api, ${roles}_auth_owner, ${roles}_auth;"
  [ "$instance" != tasklane ] || note "The packages go with: apt purge tasklane tasklane-web"
}
