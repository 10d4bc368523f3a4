# CORS: listed origins read every answer, others none.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify and 30-tasks.sh
section "CORS"
preflight=(-H 'Access-Control-Request-Method: PUT' -H 'Access-Control-Request-Headers: authorization,content-type,idempotency-key,if-match')
foreign=https://foreign.example.invalid
ask nobody OPTIONS /api/tasks -H "Origin: $foreign" "${preflight[@]}"
check_header "a foreign origin's preflight gets no leave" access-control-allow-origin ''
ask alice GET /api/tasks -H "Origin: $foreign"
check_header "nor do its requests" access-control-allow-origin ''
check_header "and caches are told that origins differ" vary '.*Origin.*'

if [ -z "$origin" ]; then
  note "no listed origin is known (--origin): what those may do is not checked"
else
  literal=${origin//./[.]}
  ask nobody OPTIONS "/api/tasks/$first" -H "Origin: $origin" "${preflight[@]}"
  check "a listed origin's preflight is answered 204" 204
  check_header "with leave" access-control-allow-origin "$literal"
  check_header "and credentials" access-control-allow-credentials true
  for method in GET POST PUT PATCH DELETE; do
    check_header "for $method" access-control-allow-methods ".*$method.*"
  done
  for name in Authorization Content-Type Idempotency-Key If-Match If-None-Match; do
    check_header "with $name" access-control-allow-headers ".*$name.*"
  done
  check_header "for a while" access-control-max-age '[1-9][0-9]*'
  ask nobody GET /api/tasks -H "Origin: $origin"
  check_header "it may read a 401" access-control-allow-origin "$literal"
  ask alice GET /api/tasks/0 -H "Origin: $origin"
  check_header "a 404" access-control-allow-origin "$literal"
  ask alice POST /api/tasks -H "Origin: $origin" -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$work/large"
  check_header "nginx's own 413" access-control-allow-origin "$literal"
  ask alice GET /api/tasks -H "Origin: ${origin}.example.invalid"
  check_header "an origin that only begins like it gets nothing" access-control-allow-origin ''
fi
printf '\n'
