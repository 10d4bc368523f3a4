# The certificate and nginx's site. Whatever happens here, nginx can start: a file that it refuses does not stay.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # used or set by setup and its other parts

as_made() { grep -F "  $1" "$made" 2>/dev/null | sha256sum --check --status 2>/dev/null; }  # FILE: nobody has changed it since

# Self-signed, unless there is one. One that this made is made anew for another name, and a month before its end.
make_certificate() {
  local file=$tls/fullchain.pem kind=DNS
  [ "$(value_in TLS_CERTIFICATE "$env_file")" = "$file" ] || [ -z "$(value_in TLS_CERTIFICATE "$env_file")" ] || return 0
  if [ -e "$file" ] && { ! as_made "$file" || fits "$file"; }; then return 0; fi
  [[ ! $name =~ ^[0-9.]+$ ]] || kind=IP
  step "A self-signed certificate for $name" <<TEXT
install -d -m 0755 $tls
sed -i '\\|  $tls/|d' $made
(umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 397 -subj /CN=$name \\
  -addext subjectAltName=$kind:$name -addext extendedKeyUsage=serverAuth -addext keyUsage=critical,digitalSignature \\
  -keyout $tls/privkey.pem.new -out $file.new 2>/dev/null)
chmod 0644 $file.new
(cd $tls && sha256sum privkey.pem.new fullchain.pem.new) | sed 's|  |  $tls/|; s|\\.new\$||' >>$made
mv $tls/privkey.pem.new $tls/privkey.pem
mv $file.new $file
TEXT
}

fits() {
  openssl x509 -in "$1" -noout -checkend 2592000 >/dev/null 2>&1 &&
    openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null | grep -qE ":${name//./[.]}\$"
}

# Whether the site is what the configuration says.
is_current() {
  [ -L "$enabled" ] || return 1
  # shellcheck disable=SC2086  # two words
  tasklane nginx-config$env_option --out "$work/site" >/dev/null 2>&1 && cmp -s "$work/site/$site.conf" "$available"
}

make_site() {
  local log=/var/log/nginx/$site
  if { [ -e "$available" ] && ! is_made "$available"; } || { [ -e "$enabled" ] && ! is_made "$enabled"; }; then
    fail 1 "there is a site already that this command has not made: move $available and $enabled away"
  fi
  ! is_current || return 0
  step "Nginx's site" "$available" "$enabled" "$log-access.log" "$log-error.log" <<TEXT
[ ! -e $available ] || cp $available $available.before
tasklane nginx-config$env_option --out /etc/nginx/sites-available
[ -e $log-access.log ] || install -m 0640 -o www-data -g adm /dev/null $log-access.log
ln -sfn ../sites-available/$site.conf $enabled
nginx -t -q 2>$work/nginx ||
  { cat $work/nginx >&2; if [ -e $available.before ]; then mv $available.before $available; else rm $enabled $available; fi; exit 1; }
rm -f $available.before
TEXT
  tell_warnings
  [ "$start" = no ] || step "Nginx reads it" <<<"systemctl reload-or-restart nginx"
}

# What nginx has against a configuration that it takes. Its table of variables is full with a second instance.
tell_warnings() {
  [ "$dry" = no ] && [ -s "$work/nginx" ] || return 0
  note "$(sed -nE 's/^.*\[warn\] ([0-9#]+: )?/nginx warns: /p' "$work/nginx" | sort -u)"
  ! grep -q variables_hash "$work/nginx" ||
    note "That changes no answer. It ends with variables_hash_max_size 2048; in the http block of /etc/nginx/nginx.conf"
}

# By a challenge that nginx serves already; from then on certbot's own timer renews it.
get_certificate() {
  local live=/etc/letsencrypt/live/$name
  [ -n "$email" ] && [ "$(value_in TLS_CERTIFICATE "$env_file")" != "$live/fullchain.pem" ] || return 0
  step "A certificate of Let's Encrypt for $name" "/etc/letsencrypt/renewal/$name.conf" <<TEXT
install -d /var/www/html
certbot certonly --non-interactive --agree-tos --email $email --webroot -w /var/www/html -d $name \\
  --deploy-hook 'systemctl reload nginx'
TEXT
  local force=yes
  settings "$env_file" "TLS_CERTIFICATE=$live/fullchain.pem" "TLS_CERTIFICATE_KEY=$live/privkey.pem"
  make_site
  [ "$start" = no ] || wait_until_ready
}
