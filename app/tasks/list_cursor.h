#pragma once
// Where a list goes on, as clients carry it: base64url of the list's order and filter and of the last task's
// key and id. It is not signed: it names no user, and one that is made up begins at another place of the same
// user's list. docs/adr/0017-lists-in-any-order.md

#include <optional>
#include <string>
#include <string_view>

#include "tasks/task_list.h"

namespace tasklane {

std::string write_cursor(const ListPlace& place, ListOrder order, const ListFilter& filter);

// nullopt: it is no cursor, or that of a list with another order or filter.
std::optional<ListPlace> read_cursor(std::string_view text, ListOrder order, const ListFilter& filter);

}  // namespace tasklane
