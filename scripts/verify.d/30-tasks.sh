# One user's tasks: every endpoint, as it should be used.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify
section "Tasks"
task='(keys == ["completed", "created_at", "description", "id", "title", "updated_at", "user_id"])
  and (.id | type == "number") and ([.created_at, .updated_at] | all(test("^[0-9-]{10}T[0-9:]{8}[.][0-9]{6}Z$")))'

send alice POST /api/tasks "{\"title\": \"  $mark one  \", \"user_id\": \"somebody\", \"priority\": 1}"
check "POST creates a task, its title trimmed" 201 "$task and .title == \"$mark one\" and .description == null and .completed == false"
check_header "and says where it is" location '/api/tasks/[1-9][0-9]*'
first=$(field .id)
[[ $first =~ ^[0-9]+$ ]] || first=0
who=$(subject alice 2>/dev/null || true)
if [ -n "$who" ]; then check "it is the token's user's, whatever the body says" 201 ".user_id == $(jq -n --arg who "$who" '$who')"; fi
check "both its times are the same" 201 '.created_at == .updated_at'

# Once for a key, however often it is sent.
key="Idempotency-Key: ${mark##* }"
for n in 1 2; do
  ask alice POST /api/tasks -H 'Content-Type: application/json' -H "$key" --data-binary "{\"title\": \"$mark once\"}"
  [ "$n" = 2 ] || once=$(field .id)
done
check "POST with an Idempotency-Key creates a task once" 201 ".id == ${once:-0}"
check_header "and says when it repeats its answer" idempotency-replayed true
ask alice POST /api/tasks -H 'Content-Type: application/json' -H "$key" --data-binary "{\"title\": \"$mark twice\"}"
check_error "another request with the key is refused" 409 conflict
ask alice DELETE "/api/tasks/${once:-0}"

send alice POST /api/tasks "{\"title\": \"$mark two\", \"description\": \"\"}"
check "an empty description stays an empty one" 201 '.description == ""'
second=$(field .id)
[[ $second =~ ^[0-9]+$ ]] || second=0

ask alice GET /api/tasks
check "GET lists them, newest first" 200 "[.[] | select(.title | startswith(\$mark)) | .id] == [$second, $first]"
ask alice GET /api/tasks/
check "a trailing slash is the same" 200 'type == "array"'
ask alice HEAD /api/tasks
check "HEAD answers like GET, without a body" 200
ask alice GET "/api/tasks/$first"
check "GET returns one" 200 "$task and .id == $first"

send alice PUT "/api/tasks/$first" '{"description": "Two litres"}'
check "PUT changes what is given" 200 '.description == "Two litres"'
check "and nothing else" 200 ".title == \"$mark one\" and .completed == false"
changed=$(field .updated_at)
send alice PUT "/api/tasks/$first" '{}'
check "PUT of nothing changes nothing" 200 ".updated_at == \"$changed\""
send alice PUT "/api/tasks/$first" '{"description": null}'
check "PUT of null clears the description" 200 '.description == null'

ask alice PATCH "/api/tasks/$first/complete"
check "PATCH without a body completes" 200 '.completed == true'
send alice PATCH "/api/tasks/$first/complete" '{}'
check "PATCH of {} toggles back" 200 '.completed == false'
for _ in 1 2; do send alice PATCH "/api/tasks/$first/complete" '{"completed": true}'; done
check "PATCH of completed sets it, however often" 200 '.completed == true'

for name in completed active pending; do
  ids="[$first]"
  [ "$name" = completed ] || ids="[$second]"
  ask alice GET "/api/tasks?status=$name"
  check "status=$name filters" 200 "[.[] | select(.title | startswith(\$mark)) | .id] == $ids"
done
ask alice GET '/api/tasks?status=all&whatever=1'
check "status=all does not, and unknown parameters are ignored" 200 "[.[] | select(.title | startswith(\$mark))] | length == 2"
ask alice GET '/api/tasks?completed=true'
check "completed=true filters" 200 'all(.[]; .completed)'

if [ -n "$who" ]; then
  ask alice GET "/api/$(jq -rn --arg who "$who" '$who | @uri')/tasks/$first"
  check "the path with the user's own id is the same API" 200 ".id == $first"
fi
ask alice DELETE "/api/tasks/$second"
check "DELETE answers 204" 204
ask alice GET "/api/tasks/$second"
check_error "and the task is gone" 404 not_found_error
