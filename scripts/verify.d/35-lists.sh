# Lists in pages, in another order and searched, and the other name of complete.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/verify
section "Pages, order, search"
ids=()
for title in banana Apple cherry; do
  send alice POST /api/tasks "{\"title\": \"$mark list $title\"}"
  ids+=("$(field .id)")
done
found="/api/tasks?q=$(jq -rn --arg mark "$mark" '$mark + " list" | ascii_upcase | @uri')"

ask alice GET "$found"
check "q searches without regard to case" 200 "[.[].id] == [${ids[2]}, ${ids[1]}, ${ids[0]}]"
ask alice GET "$found&sort=title&limit=2"
check "sort orders, limit makes a page" 200 "[.[].id] == [${ids[1]}, ${ids[0]}]"
check_header "and Link leads to the next one" link '</api/tasks[?]limit=2&sort=title&order=asc&q=[^ ]*&cursor=[A-Za-z0-9_-]*>; rel="next"'
next=$(header link | sed 's/^<//; s/>.*//')
ask alice GET "$next"
check "which is there" 200 "[.[].id] == [${ids[2]}]"
check_header "and the last" link ''
ask alice GET "$next&order=desc"
check_error "a parameter given twice is refused" 400 validation_error
ask alice GET "/api/tasks?cursor=${next##*cursor=}"
check_error "so is a cursor of another list" 400 validation_error
ask alice GET "$found&limit=2&offset=2"
check "offset counts" 200 "[.[].id] == [${ids[0]}]"

ask alice PATCH "/api/tasks/${ids[0]}/toggle-complete"
check "PATCH …/toggle-complete is PATCH …/complete" 200 '.completed == true'
ask alice DELETE /api/tasks
check_error "DELETE of many needs a status, and does nothing without" 400 validation_error
ask alice GET "$found"
check "all are still there" 200 'length == 3'
