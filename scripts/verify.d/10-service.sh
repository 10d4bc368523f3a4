# The service itself: alive, ready, documented, and quiet about its inside.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify
section "Service"
ask nobody GET /healthz
check "a worker answers" 200
ask nobody GET /readyz
check "the database answers" 200 '.status == "ready" or .status == "degraded"'
check "and tells nothing of the inside" 200 'keys == ["status"]'
for path in /metrics /status; do
  ask nobody GET "$path"
  check_error "$path is not public" 404 not_found_error
done
if [ "$local" = no ] && [[ $url =~ ^https://(localhost|[0-9.]+|\[.*)(:|/|$) ]]; then
  note "address families are not checked: that takes a name that others resolve"
else
  for family in 4 6; do
    ask nobody GET /healthz "-$family"
    if grep -q '^curl: (6)' "$work/trouble"; then note "the name has no IPv$family address"; else
      check "it answers over IPv$family" 200
    fi
  done
fi
ask nobody GET /docs/
check "the API reference is served" 200
check_header "it is a page" content-type 'text/html.*'
check_header "with a policy that lets in no other host" content-security-policy "default-src 'none'.*"
ask nobody GET /openapi.json
check "the contract is served" 200 '.openapi | startswith("3.0")'
ask nobody GET /openapi.yaml
check "as YAML too" 200
