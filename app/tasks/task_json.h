#pragma once
// Tasks to and from JSON, by the rules of docs/openapi.yaml. A bad body is a validation_error that lists
// every field at fault, each with its place ("body", "title"), a sentence and a stable word.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tasks/task.h"

namespace tasklane {

Result<NewTask> parse_new_task(std::string_view body);
Result<TaskChange> parse_task_change(std::string_view body);
// nullopt: toggle. An empty body toggles too.
Result<std::optional<bool>> parse_completion(std::string_view body);

std::string write_task(const Task& task, std::string_view user_id);
// An array, or a page of one: its opening bracket belongs to the first page, its closing one to the last.
std::string write_tasks(const Tasks& tasks, std::string_view user_id, bool first = true);
// A part of one: what stands before the rows and behind them.
std::string write_rows(std::span<const Task> rows, std::string_view user_id, std::string_view before,
                       std::string_view behind);

// {"total": n, "active": n, "completed": n}
std::string write_stats(const TaskStats& stats);

// RFC 3339 with microseconds and Z, 27 characters; years 0001 to 9999, past them the first or last moment.
std::string format_timestamp(Timestamp timestamp);

}  // namespace tasklane
