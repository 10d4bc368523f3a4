#include "cli/write_inspection.h"

#include <fmt/format.h>

#include <optional>

#include "schema/rehearsal.h"
#include "store/statements.h"

namespace tasklane {

namespace {

using Value = std::optional<std::string>;
using Values = std::vector<Value>;

// Spread over nodes by their hashes: of eight nodes, one is missed once in 600 times.
constexpr int kRehearsedUsersMax = 64;

// Of no real user. What is written is rolled back in any case.
std::string user(int number) {
  return fmt::format("tasklane check --db {}", number);
}

// Each statement of the request path once, in the life of one task; then tasks of many users.
void live(const Rehearse& rehearse) {
  const auto run = [&](const Statement& statement, Values values) {
    return rehearse({.name = statement.name, .sql = statement.sql, .values = {std::move(values)}});
  };
  const std::string who = user(0);
  const std::string print = "\\x" + std::string(64, '0');
  const Value none;
  for (int times = 0; times < 2; ++times)  // the second finds the first one's answer
    run(statements::kCreateTaskOnce, {who, "created", print, "t", none});
  const std::string id = run(statements::kCreateTask, {who, "t", none});
  run(statements::kLockTask, {who, id});
  run(statements::kCompleteTaskOnce, {who, id, "completed", print, none, none});
  run(statements::kCompleteTask, {who, id, none});
  run(statements::kCompleteTaskIf, {who, id, none, "3,4"});
  run(statements::kUpdateTask, {who, id, "t", "true", "d", none});
  run(statements::kUpdateTaskOnce, {who, id, "updated", print, "t", "true", "d", none, none});
  run(statements::kUpdateTaskIf, {who, id, "t", "true", "d", none, "5"});
  run(statements::kGetTask, {who, id});
  run(statements::kTaskStats, {who});
  run(statements::kListTasks, {who});
  run(statements::kListTasksByCompletion, {who, "true"});
  run(statements::kListMoreTasks, {who, "2000-01-01Z", id, "1", "1"});
  run(statements::kListMoreTasksByCompletion, {who, "2000-01-01Z", id, "1", "1", "true"});
  run(statements::kDeleteTaskIf, {who, id, "1"});
  run(statements::kDeleteTask, {who, id});
  run(statements::kDeleteTaskOnce, {who, id, "deleted", print, none});
  RehearsedRun creations{
      .name = statements::kCreateTask.name, .sql = statements::kCreateTask.sql, .values = {}};
  for (int number = 1; number <= kRehearsedUsersMax; ++number)
    creations.values.push_back({user(number), "t", none});
  rehearse(creations);
}

}  // namespace

Finding inspect_writes(const std::string& url) {
  const auto rehearsed = rehearse(url, live);
  if (rehearsed)
    return {Finding::Level::good, "a worker's statements read and write tasks (tried, and rolled back)"};
  return {Finding::Level::bad,
          fmt::format("a worker's statements fail, and so would requests: {}", rehearsed.error().sentence)};
}

}  // namespace tasklane
