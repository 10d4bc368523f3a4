#pragma once
// What a request asks of a list by its query (docs/openapi.yaml), and the query that leads to the next page.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tasks/task_list.h"

namespace tasklane {

struct ListQuery {
  ListFilter filter = {};
  ListOrder order = {};
  std::optional<std::size_t> limit = {};  // of tasks; none: all of them
  std::size_t offset = 0;
  std::optional<ListPlace> behind = {};
  bool plain = true;  // newest first and whole, of any status: the list that there always was
};

// validation_error, with its place ("query", name), for a value that is none of the parameter's; for one that
// is given twice, but for `status` and `completed`, of which the last counts. Other names are ignored.
Result<ListQuery> read_list_query(std::string_view query);

// `status` of a deletion: it has to be there, once, and nothing else that narrows a list, since the deletion
// would not be narrowed by it.
Result<TaskFilter> read_deletion_query(std::string_view query);

// The Link header (RFC 8288) that leads behind a page's last task.
std::string link_to_next(std::string_view path, const ListQuery& query, const ListPlace& last);

}  // namespace tasklane
