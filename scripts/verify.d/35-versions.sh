# Versions: ETag, If-Match, If-None-Match, PATCH and the counts.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify
section "Versions"
json=(-H 'Content-Type: application/json')
send alice POST /api/tasks "{\"title\": \"$mark version\"}"
check_header "a new task has the version 1" etag '"1"'
third=$(field .id)
[[ $third =~ ^[0-9]+$ ]] || third=0
ask alice PATCH "/api/tasks/$third" -H 'Content-Type: application/merge-patch+json' -H 'If-Match: "1"' \
  --data-binary '{"description": "Two litres"}'
check "PATCH changes what is given" 200 '.description == "Two litres"'
check_header "and adds one" etag '"2"'
ask alice PUT "/api/tasks/$third" "${json[@]}" -H 'If-Match: "1"' --data-binary '{"description": null}'
check_error "a change of an older version is refused" 412 precondition_failed
check_header "and the one of now is told" etag '"2"'
ask alice PATCH "/api/tasks/$third/complete" -H 'If-Match: 2'
check_error "a malformed If-Match is refused" 400 validation_error
ask alice GET "/api/tasks/$third" -H 'If-None-Match: "2"'
check "GET of a known version is answered 304" 304
ask alice GET /api/tasks/stats
check "the counts add up" 200 '.total == .active + .completed and .total > 0'
for _ in 1 2; do
  ask alice DELETE "/api/tasks/$third" -H 'If-Match: "2"' -H "Idempotency-Key: ${mark##* }-gone"
  check "DELETE of the version of now, and its repetition" 204
done
