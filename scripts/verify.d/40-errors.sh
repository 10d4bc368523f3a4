# Errors: each kind, by its status, type and shape.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify and 30-tasks.sh
section "Errors"
for route in "GET /api/tasks" "POST /api/tasks" "GET /api/tasks/1" "PUT /api/tasks/1" "DELETE /api/tasks/1" "PATCH /api/tasks/1/complete"; do
  ask nobody "${route% *}" "${route#* }"
  check_error "$route without a token is refused" 401 authentication_error
done
check_header "and asks for a bearer token" www-authenticate 'Bearer.*'
ask nobody GET /api/tasks -H 'Authorization: Bearer not.a.token'
check_error "a token that is none is refused" 401 authentication_error
check_header "and called invalid" www-authenticate 'Bearer.*error="invalid_token".*'
# Its last character but one changed: the signature no longer holds.
sed -E 's/.(.)$/A\1/; t' "$work/alice" >"$work/forged"
cmp -s "$work/alice" "$work/forged" && sed -E 's/.(.)$/B\1/' "$work/alice" >"$work/forged"
ask forged GET /api/tasks
check_error "a forged signature is refused" 401 authentication_error

refused() {  # SENTENCE JSON
  send alice POST /api/tasks "$2"
  check_error "$1" 400 validation_error
}
refused "a missing title is refused" '{}'
check "and named" 400 '.errors[0].loc == ["body", "title"]'
refused "a blank title is refused" '{"title": " \u3000 "}'
refused "a title of 201 characters is refused" "{\"title\": \"$(printf 'x%.0s' {1..201})\"}"
refused "a title that is no text is refused" '{"title": 7}'
refused "U+0000 is refused" '{"title": "a\u0000b"}'
refused "a lone surrogate is refused" '{"title": "\ud800"}'
refused "a key given twice is refused" '{"title": "a", "title": "b"}'
refused "JSON cut short is refused" '{"title": "a"'
refused "JSON with something behind it is refused" '{"title": "a"} x'
refused "deep nesting is refused" '{"title": "a", "x": [[[[[[[[[1]]]]]]]]]}'
refused "an empty body is refused" ''
send alice PUT "/api/tasks/$first" '{"completed": null}'
check_error "completed: null is refused" 400 validation_error
ask alice GET '/api/tasks?status=none'
check_error "an unknown status is refused" 400 validation_error

ask alice POST /api/tasks -H 'Content-Type: text/plain' --data-binary '{"title": "a"}'
check_error "a body that is not declared as JSON is refused" 415 unsupported_media_type
head -c 300000 /dev/zero | tr '\0' x >"$work/large"
ask alice POST /api/tasks -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$work/large"
check_error "a body past 256 KiB is refused" 413 payload_too_large
# Just past 16 KiB: nginx answers and hangs up, and curl reads the answer only once it has sent everything.
ask alice GET "/api/tasks?x=$(printf 'x%.0s' {1..16500})" --http1.1
check_error "a request line past 16 KiB is refused" 414 validation_error
for id in 0 -1 x 1.5 9223372036854775808 99999999999999999999; do
  ask alice GET "/api/tasks/$id"
  check_error "the id $id is not found" 404 not_found_error
done
ask alice GET /api/docs/nothing
check_error "an unknown path is not found" 404 not_found_error
ask nobody GET /docs/nothing
check_error "outside the API too" 404 not_found_error
ask alice PUT /api/tasks
check_error "a method that a path does not have is refused" 405 method_not_allowed
check_header "and the others are named" allow '.*GET.*'
