#include "tasks/intent.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace tasklane {

namespace {

std::unexpected<Error> bad_key(std::string sentence, std::string_view type) {
  Error error{.type = ErrorType::validation_error, .detail = sentence};
  error.errors.push_back(
      {.loc = {"header", "Idempotency-Key"}, .msg = std::move(sentence), .type = std::string(type)});
  return std::unexpected(std::move(error));
}

// A comma is how nginx or a proxy joins two headers; Exchange does the same.
bool may_be_in_key(char character) {
  return character > ' ' && character < '\x7f' && character != '"' && character != ',' && character != '\\';
}

// With its length before it: no two requests make the same bytes.
std::string meaning(const std::optional<std::string>& text) {
  return text ? fmt::format("{}:{}", text->size(), *text) : "null";
}

std::string meaning(const IfMatch& if_match) {
  return if_match ? fmt::format(" if {}", fmt::join(*if_match, ",")) : "";
}

}  // namespace

Result<std::optional<std::string>> read_idempotency_key(std::optional<std::string_view> sent) {
  if (!sent) return std::nullopt;
  std::string_view header = *sent;
  if (header.size() >= 2 && header.front() == '"' && header.back() == '"')
    header = header.substr(1, header.size() - 2);
  if (header.empty() || header.size() > limits::kIdempotencyKeyMaxCharacters) {
    return bad_key(
        fmt::format("Idempotency-Key must be 1 to {} characters", limits::kIdempotencyKeyMaxCharacters),
        header.empty() ? "string_too_short" : "string_too_long");
  }
  if (!std::ranges::all_of(header, may_be_in_key)) {
    return bad_key(R"(Idempotency-Key must be one header of visible ASCII characters without ", comma and \)",
                   "string_pattern_mismatch");
  }
  return std::string(header);
}

Sha256 fingerprint(const NewTask& task) {
  return sha256(fmt::format("create_task {} {}", meaning(task.title), meaning(task.description)));
}

Sha256 fingerprint(TaskId id, std::optional<bool> completed, const IfMatch& if_match) {
  return sha256(fmt::format("complete_task {} {}{}", id,
                            completed ? (*completed ? "true" : "false") : "toggle", meaning(if_match)));
}

Sha256 fingerprint(TaskId id, const TaskChange& change, const IfMatch& if_match) {
  return sha256(fmt::format("update_task {} {} {} {}{}", id, meaning(change.title),
                            change.description ? meaning(*change.description) : "keep",
                            change.completed ? (*change.completed ? "true" : "false") : "keep",
                            meaning(if_match)));
}

Sha256 fingerprint_of_deletion(TaskId id, const IfMatch& if_match) {
  return sha256(fmt::format("delete_task {}{}", id, meaning(if_match)));
}

Sha256 fingerprint(TaskFilter deleted) {
  switch (deleted) {
    case TaskFilter::all:
      return sha256("delete_tasks all");
    case TaskFilter::active:
      return sha256("delete_tasks active");
    case TaskFilter::completed:
      return sha256("delete_tasks completed");
  }
  std::unreachable();
}

std::unexpected<Error> key_in_use() {
  return fail(ErrorType::conflict, "This Idempotency-Key was used for another request");
}

}  // namespace tasklane
