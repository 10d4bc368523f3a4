#pragma once
// The contract of docs/openapi.yaml as a model: users with their tasks, and what an answer has to be. It
// learns ids and times from answers, and holds the API to them.

#include <algorithm>
#include <map>

#include "api_request.h"
#include "http/message.h"
#include "json/json_reader.h"
#include "requests.h"

namespace tasklane::fuzz {

struct ModelTask {
  std::int64_t id = 0;
  std::string title;
  std::optional<std::string> description = {};
  bool completed = false;
  std::string created_at = {}, updated_at = {};
  std::int64_t version = 1;
};

inline JsonValue json_of(const Response& response) {
  auto value = parse_json(response.body);
  require(value.has_value() && response.content_type == "application/json", "an answer is JSON");
  return *std::move(value);
}

inline std::string text_in(const JsonValue& object, std::string_view name) {
  const JsonValue* member = object.find(name);
  require(member != nullptr && member->string() != nullptr, "a member is a text");
  return *member->string();
}

// docs/openapi.yaml, Problem.
inline void require_problem(const Response& response, int status, std::string_view type) {
  const JsonValue problem = json_of(response);
  if (response.status != status || text_in(problem, "error_type") != type)
    fmt::print(stderr, "expected {} {}, got {}\n", status, type, response.body);
  require(response.status == status && text_in(problem, "error_type") == type, "a problem is the contract's");
  require(*problem.find("status_code")->integer() == status, "a problem repeats its status");
  require(text_in(problem, "detail") == text_in(problem, "message"), "the message repeats the detail");
  require((problem.find("errors") != nullptr) == (status == 400), "errors tell what is wrong with a request");
  require(!header_of(response, "WWW-Authenticate").empty() == (status == 401), "401 asks for a token");
  require(!header_of(response, "ETag").empty() == (status == 412), "412 tells the version");
  require(!header_of(response, "Allow").empty() == (status == 405), "405 says what is allowed");
}

class User {
 public:
  explicit User(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  ModelTask* find(std::int64_t id) {
    const auto found = std::ranges::find(tasks, id, &ModelTask::id);
    return found == tasks.end() ? nullptr : &*found;
  }

  // The answer is this task, whose times are as known, or taken over when `changed` says that they are new.
  void require_task(const JsonValue& json, ModelTask& task, bool changed) const {
    const std::string updated_at = text_in(json, "updated_at");
    if (task.created_at.empty()) task.created_at = task.updated_at = updated_at;
    require(changed ? updated_at >= task.updated_at : updated_at == task.updated_at,
            "a change moves the time");
    task.updated_at = updated_at;
    const JsonValue* description = json.find("description");
    require(*json.find("id")->integer() == task.id && text_in(json, "user_id") == name_ &&
                text_in(json, "title") == task.title &&
                *json.find("completed")->boolean() == task.completed &&
                text_in(json, "created_at") == task.created_at,
            "a task is as it was made and changed");
    require(task.description ? description->string() != nullptr && *description->string() == *task.description
                             : description->is_null(),
            "a description is as it was given, or null");
    require(json.object()->size() == 7, "a task has seven fields");
  }

  static std::string tag(const ModelTask& task) { return fmt::format("\"{}\"", task.version); }

  // The counts, and a tag that no two states of the tasks share.
  void require_stats(const Response& response) {
    const auto completed = std::ranges::count(tasks, true, &ModelTask::completed);
    const auto total = static_cast<std::ptrdiff_t>(tasks.size());
    require(
        response.status == 200 && response.body == fmt::format(R"({{"total":{},"active":{},"completed":{}}})",
                                                               total, total - completed, completed),
        "stats count");
    std::string state;
    for (const ModelTask& task : tasks) state += fmt::format("{}:{} ", task.id, task.version);
    const auto known = stats_tags.try_emplace(header_of(response, "ETag"), state).first;
    require(!known->first.empty() && known->second == state, "stats have a tag for each state");
  }

  // Newest first: all were made one after another.
  void require_list(const Response& response, std::optional<bool> completed) {
    const JsonValue list = json_of(response);
    require(response.status == 200 && list.array() != nullptr, "a list is an array");
    std::size_t at = 0;
    for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
      if (completed && task->completed != *completed) continue;
      require(at < list.array()->size(), "a list has all of a user's tasks");
      require_task((*list.array())[at++], *task, false);
    }
    require(at == list.array()->size(), "a list has no other tasks");
  }

  // The ids of a list in pages. Titles are in the order of their bytes, as in the in-memory store.
  std::vector<std::int64_t> ids_of(const Pages& pages) const {
    std::vector<ModelTask> shown;
    for (const ModelTask& task : tasks) {
      const bool found =
          task.title.contains(pages.search) || task.description.value_or("").contains(pages.search);
      if (found && task.completed == pages.state.value_or(task.completed)) shown.push_back(task);
    }
    const auto key = [&](const ModelTask& task) {
      const std::string each[] = {task.created_at, task.updated_at, task.title, task.completed ? "1" : "0"};
      return std::pair(each[pages.key], task.id);
    };
    std::ranges::sort(shown, {}, key);
    if (pages.descending) std::ranges::reverse(shown);
    std::vector<std::int64_t> ids;
    for (const ModelTask& task : shown) ids.push_back(task.id);
    return ids;
  }

  std::vector<ModelTask> tasks;  // the oldest first
  std::map<std::string, std::string> stats_tags;  // and the state that each was of
  struct Kept {
    std::string meaning;
    ModelTask answer;
  };
  std::map<std::string, Kept> keys;  // idempotency keys

 private:
  std::string name_;
};

// Whether the body's fields keep the rules; a title that is not there is a fault when `title_needed`.
inline bool fields_are_good(const Body& body, bool title_needed, bool knows_completed) {
  if (!body.sound) return false;
  const bool title = body.title.kind == Field::absent
                         ? !title_needed
                         : body.title.kind == Field::text && body.title.trimmed_length >= 1 &&
                               body.title.trimmed_length <= 200;
  const bool description = body.description.kind != Field::wrong && body.description.length <= 10'000;
  return title && description && (!knows_completed || body.completed != Body::wrong);
}

}  // namespace tasklane::fuzz
