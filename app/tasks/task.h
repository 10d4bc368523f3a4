#pragma once
// The task as the contract has it, and what a request may ask of it. Rules on the fields: docs/openapi.yaml.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace tasklane {

using TaskId = std::int64_t;     // 1 … limits::kTaskIdMax
using Timestamp = std::int64_t;  // microseconds since 1970-01-01T00:00:00Z

// Where a list goes on: behind this task. At most so many rows.
struct ListPage {
  Timestamp created_at;
  TaskId id;
  std::size_t rows_max;
};

// Views into memory that Tasks keeps.
struct Task {
  TaskId id;
  std::string_view title;
  std::optional<std::string_view> description;
  bool completed;
  Timestamp created_at;
  Timestamp updated_at;
  std::int64_t version = 0;  // from 1 on; 0: not known, as in lists
};

// Rows and the memory their texts live in.
struct Tasks {
  std::vector<Task> rows;
  std::shared_ptr<const void> memory;
  bool replayed = false;              // an earlier request's answer, by its idempotency key
  bool matched = true;  // false: nothing was done, the task's version is none of those asked for
  std::optional<ListPage> next = {};  // of a list: there may be more
  std::vector<std::size_t> cut = {};  // of a slice: the rows whose description is too long and left out
};

// The page behind `last`, the last of so many `rows`. Rows that are long are few on a page: twice as many as
// on the one before are looked at.
inline ListPage page_behind(const Task& last, std::size_t rows) {
  return {
      .created_at = last.created_at, .id = last.id, .rows_max = std::min(2 * rows, limits::kListPageRowsMax)};
}

enum class TaskFilter { all, active, completed };

struct NewTask {
  std::string title;  // trimmed, 1–200 code points
  std::optional<std::string> description;
};

// Only what is set changes. A set description of nullopt clears it.
struct TaskChange {
  std::optional<std::string> title = {};
  std::optional<std::optional<std::string>> description = {};
  std::optional<bool> completed = {};

  bool empty() const { return !title && !description && !completed; }
};

// Of all of a user's tasks. `state` differs between any two different sets of tasks and their versions, but
// for chance (1 in 2^64).
struct TaskStats {
  std::int64_t total;
  std::int64_t completed;
  std::uint64_t state;
};

}  // namespace tasklane
