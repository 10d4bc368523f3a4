#include "tasks/task_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "base/limits.h"
#include "base/utf8.h"
#include "json/json_reader.h"
#include "json/json_text.h"

namespace tasklane {

namespace {

// Collects what is wrong with a body's fields, so that one answer tells all of it.
class BodyCheck {
 public:
  void fault(std::string_view field, std::string sentence, std::string_view type) {
    errors_.push_back(
        {.loc = {"body", std::string(field)}, .msg = std::move(sentence), .type = std::string(type)});
  }
  bool passed() const { return errors_.empty(); }
  std::unexpected<Error> failure() {
    std::string detail = errors_.front().msg;
    for (std::size_t i = 1; i < errors_.size(); ++i) detail += "; " + errors_[i].msg;
    return std::unexpected(Error{
        .type = ErrorType::validation_error, .detail = std::move(detail), .errors = std::move(errors_)});
  }

  std::optional<std::string> title(const JsonValue& value) {
    const std::string* text = value.string();
    if (text == nullptr) return fault("title", "Title must be a string", "string_type"), std::nullopt;
    const std::string_view trimmed = trim_white_space(*text);
    const std::size_t length = count_code_points(trimmed).value_or(0);
    if (length < 1 || length > limits::kTitleMaxCodePoints) {
      fault("title", fmt::format("Title must be 1 to {} characters", limits::kTitleMaxCodePoints),
            length == 0 ? "string_too_short" : "string_too_long");
      return std::nullopt;
    }
    return std::string(trimmed);
  }

  std::optional<std::string> description(const JsonValue& value) {
    if (value.is_null()) return std::nullopt;
    const std::string* text = value.string();
    if (text == nullptr) {
      fault("description", "Description must be a string or null", "string_type");
      return std::nullopt;
    }
    if (count_code_points(*text).value_or(0) > limits::kDescriptionMaxCodePoints) {
      fault("description",
            fmt::format("Description must be at most {} characters", limits::kDescriptionMaxCodePoints),
            "string_too_long");
      return std::nullopt;
    }
    return *text;
  }

  std::optional<bool> completed(const JsonValue& value) {
    if (const bool* flag = value.boolean()) return *flag;
    fault("completed", "Completed must be true or false", "bool_type");
    return std::nullopt;
  }

 private:
  std::vector<FieldError> errors_;
};

std::unexpected<Error> bad_body(std::string sentence, std::string_view type) {
  Error error{.type = ErrorType::validation_error, .detail = sentence};
  error.errors.push_back({.loc = {"body"}, .msg = std::move(sentence), .type = std::string(type)});
  return std::unexpected(std::move(error));
}

Result<JsonValue> parse_object(std::string_view body) {
  if (body.empty()) return bad_body("Body must not be empty", "missing");
  auto value = parse_json(body);
  if (!value) return bad_body(std::move(value.error()), "json_invalid");
  if (value->object() == nullptr) return bad_body("Body must be a JSON object", "object_type");
  return std::move(*value);
}

constexpr std::string_view kTimestampForm = "0000-00-00T00:00:00.000000Z";
using TimestampText = std::array<char, kTimestampForm.size()>;

constexpr auto kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

void put_two_digits(char* at, unsigned number) {
  std::memcpy(at, &kTwoDigits[2 * number], 2);
}

// Outside of its bounds the nearest of them, so that no digit is read past the table's end.
TimestampText put_timestamp(Timestamp timestamp) {
  using namespace std::chrono;
  timestamp = std::clamp(timestamp, limits::kTimestampMinMicroseconds, limits::kTimestampMaxMicroseconds);
  const sys_time<microseconds> time{microseconds(timestamp)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto clock = static_cast<std::uint64_t>((time - day).count());
  const auto second = static_cast<unsigned>(clock / 1'000'000);
  const auto microsecond = static_cast<unsigned>(clock % 1'000'000);
  TimestampText text;
  kTimestampForm.copy(text.data(), text.size());
  put_two_digits(&text[0], year / 100);
  put_two_digits(&text[2], year % 100);
  put_two_digits(&text[5], static_cast<unsigned>(date.month()));
  put_two_digits(&text[8], static_cast<unsigned>(date.day()));
  put_two_digits(&text[11], second / 3600);
  put_two_digits(&text[14], second / 60 % 60);
  put_two_digits(&text[17], second % 60);
  put_two_digits(&text[20], microsecond / 10'000);
  put_two_digits(&text[22], microsecond / 100 % 100);
  put_two_digits(&text[24], microsecond % 100);
  return text;
}

std::string quote(std::string_view user_id) {
  JsonText text(user_id.size() + 2);
  text.string(user_id);
  return text.take();
}

// At least what it takes, unless much has to be escaped.
std::size_t expected_bytes(const Task& task, std::string_view quoted_user_id) {
  constexpr std::size_t kFixedBytes = 224;  // names, numbers, two timestamps
  return kFixedBytes + quoted_user_id.size() + task.title.size() + task.description.value_or("").size();
}

// What stands between the values is known, and written in whole pieces; the user's id is escaped but once.
void write(JsonText& json, const Task& task, std::string_view quoted_user_id) {
  json.raw(R"({"id":)");
  json.integer(task.id);
  json.raw(R"(,"user_id":)");
  json.raw(quoted_user_id);
  json.raw(R"(,"title":)");
  json.string(task.title);
  json.raw(R"(,"description":)");
  task.description ? json.string(*task.description) : json.raw("null");
  json.raw(task.completed ? R"(,"completed":true,"created_at":")" : R"(,"completed":false,"created_at":")");
  TimestampText time = put_timestamp(task.created_at);
  json.raw({time.data(), time.size()});
  json.raw(R"(","updated_at":")");
  if (task.updated_at != task.created_at) time = put_timestamp(task.updated_at);
  json.raw({time.data(), time.size()});
  json.raw(R"("})");
}

}  // namespace

Result<NewTask> parse_new_task(std::string_view body) {
  auto value = parse_object(body);
  if (!value) return std::unexpected(std::move(value.error()));
  BodyCheck check;
  NewTask task;
  if (const JsonValue* title = value->find("title")) {
    task.title = check.title(*title).value_or("");
  } else {
    check.fault("title", "Title is required", "missing");
  }
  if (const JsonValue* description = value->find("description"))
    task.description = check.description(*description);
  if (!check.passed()) return check.failure();
  return task;
}

Result<TaskChange> parse_task_change(std::string_view body) {
  auto value = parse_object(body);
  if (!value) return std::unexpected(std::move(value.error()));
  BodyCheck check;
  TaskChange change;
  if (const JsonValue* title = value->find("title")) change.title = check.title(*title);
  if (const JsonValue* description = value->find("description"))
    change.description.emplace(check.description(*description));
  if (const JsonValue* completed = value->find("completed")) change.completed = check.completed(*completed);
  if (!check.passed()) return check.failure();
  return change;
}

Result<std::optional<bool>> parse_completion(std::string_view body) {
  if (body.empty()) return std::nullopt;
  auto value = parse_object(body);
  if (!value) return std::unexpected(std::move(value.error()));
  BodyCheck check;
  std::optional<bool> completed;
  if (const JsonValue* member = value->find("completed")) completed = check.completed(*member);
  if (!check.passed()) return check.failure();
  return completed;
}

std::string write_task(const Task& task, std::string_view user_id) {
  const std::string quoted = quote(user_id);
  JsonText json(expected_bytes(task, quoted));
  write(json, task, quoted);
  return json.take();
}

std::string write_tasks(const Tasks& tasks, std::string_view user_id, bool first) {
  return write_rows(tasks.rows, user_id, first ? "[" : (tasks.rows.empty() ? "" : ","),
                    tasks.next ? "" : "]");
}

std::string write_rows(std::span<const Task> rows, std::string_view user_id, std::string_view before,
                       std::string_view behind) {
  const std::string quoted = quote(user_id);
  std::size_t bytes = 2;
  for (const Task& task : rows) bytes += expected_bytes(task, quoted);
  JsonText json(bytes);
  json.raw(before);
  for (const Task& task : rows) {
    if (&task != rows.data()) json.raw(",");
    write(json, task, quoted);
  }
  json.raw(behind);
  return json.take();
}

std::string write_stats(const TaskStats& stats) {
  return fmt::format(R"({{"total":{},"active":{},"completed":{}}})", stats.total,
                     stats.total - stats.completed, stats.completed);
}

std::string format_timestamp(Timestamp timestamp) {
  const TimestampText text = put_timestamp(timestamp);
  return {text.data(), text.size()};
}

}  // namespace tasklane
