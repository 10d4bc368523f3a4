# TLS: versions, certificate, and the headers that keep browsers on it.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # scripts/verify and lib/checks.sh share them
section "TLS"
find_authority

if [[ " ${trust[*]} " == *" --insecure "* ]]; then
  note "the certificate is not verified (--insecure)"
else
  ask nobody GET /healthz
  check "the certificate is trusted and carries this name" 200
fi
timeout 20 openssl s_client -connect "$([ "$local" = yes ] && echo 127.0.0.1 || echo "$host"):$port" -servername "$host" </dev/null >"$work/body" 2>/dev/null || true
asked="the certificate of $host:$port" status=
if openssl x509 -in "$work/body" -noout -checkend 604800 >/dev/null 2>&1; then
  ok "the certificate is valid for a week at least"
else
  bad "the certificate is valid for a week at least" "a later end"
fi
ask nobody GET /healthz --tlsv1.3
check "TLS 1.3 is spoken" 200
ask nobody GET /healthz --tlsv1.0 --tls-max 1.1 --ciphers 'DEFAULT:@SECLEVEL=0'
check "TLS 1.1 and older are refused" 000
if curl --version | grep -q HTTP2; then
  ask nobody GET /healthz --http2 -w '%{http_version}'
  check "HTTP/2 is spoken" 2
fi

ask "$([ -e "$work/alice" ] && echo alice || echo nobody)" GET /api/tasks
check_header "HSTS is on" strict-transport-security 'max-age=[1-9][0-9]{6,}.*'
check_header "types are not guessed" x-content-type-options nosniff
check_header "no page may frame it" x-frame-options 'DENY|SAMEORIGIN'
check_header "a policy stands on referrers" referrer-policy '.+'
check_header "a policy stands on contents" content-security-policy '.+'
check_header "nothing is cached" cache-control '.*no-store.*'
check_header "every answer has an id" x-request-id '.+'

plain_port=$(sed -n 's/^HTTP_PORT=//p' "$env_file" 2>/dev/null | tail -n 1 | tr -d "\"'") || plain_port=
[ "$url" = "$(cat "$state/url" 2>/dev/null)" ] || plain_port=
if [ -z "$plain_port" ] && [ "$port" = 443 ]; then plain_port=80; fi
if [ -n "$plain_port" ]; then
  tls_url=$url url=http://$host:$plain_port
  ask nobody GET /api/tasks
  case $status in
    000) ok "the plain port is closed" ;;
    2?? | 3??) bad "the plain port refuses API calls" "a refusal, no redirect: the token has been seen by then" ;;
    *) ok "the plain port refuses API calls" ;;
  esac
  url=$tls_url
else
  note "the plain port is not known, and not checked"
fi
