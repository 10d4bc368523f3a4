# Which deployment scripts/verify looks at, and where that is.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # set by common.sh and scripts/verify, or used there

# Sets $url, $page, $env_file and $trust, where they were not given.
find_deployment() {
  : "${env_file:=$state/tasklane.env}"
  if [ -z "$url" ]; then
    [ -r "$state/url" ] || fail 2 "nothing was started in $state; name a deployment with --url"
    url=$(<"$state/url")
  fi
  [[ $url == https://* ]] || fail 2 "the URL must begin with https://"
  if [ ${#trust[@]} -eq 0 ] && [ -r "$state/tls/cert.pem" ] && [ "$url" = "$(cat "$state/url" 2>/dev/null)" ]; then
    trust=(--cacert "$state/tls/cert.pem")
  fi
  url=${url%:443}  # as a browser spells it
  [ "$local" = no ] || find_this_host
  : "${page:=$url}"
}

# Sets $authority, $host and $port of the URL.
find_authority() {
  authority=${url#https://}
  authority=${authority%%/*}
  host=$authority port=443
  if [[ $authority =~ ^(.*):([0-9]+)$ ]]; then host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}; fi
}

# curl's -4 and -6 choose from these. A host without IPv6 has no ::1.
find_this_host() {
  local here=127.0.0.1 each
  find_authority
  ! grep -q '^0*1 ' /proc/net/if_inet6 2>/dev/null || here+=',[::1]'
  for each in "$port" 80; do trust+=(--resolve "$host:$each:$here"); done
  trust+=(--noproxy '*')
}
