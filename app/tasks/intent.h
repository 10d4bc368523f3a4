#pragma once
// What a client means by one request, however often it has to send it: the header Idempotency-Key
// (draft-ietf-httpapi-idempotency-key-header-07) and what was asked with it.
// docs/adr/0010-idempotency-keys.md

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sha256.h"
#include "base/result.h"
#include "tasks/task.h"

namespace tasklane {

// The versions of which a task has to have one to be changed. nullopt: any.
using IfMatch = std::optional<std::vector<std::int64_t>>;

struct Intent {
  std::string key;     // the client's name for it
  Sha256 fingerprint;  // what was asked: the operation, the task and what the body means
};

// The header's key: 1 to limits::kIdempotencyKeyMaxCharacters visible ASCII characters but `"`, `,` and `\`.
// In double quotes, as the draft writes it, or without, it is the same key. nullopt: no header. Otherwise
// validation_error, at ("header", "Idempotency-Key").
Result<std::optional<std::string>> read_idempotency_key(std::optional<std::string_view> header);

// Of creating a task, and of completing, changing and deleting one. White space, the order of fields and
// unknown ones make no difference; If-Match's versions do.
Sha256 fingerprint(const NewTask& task);
Sha256 fingerprint(TaskId id, std::optional<bool> completed, const IfMatch& if_match = {});
Sha256 fingerprint(TaskId id, const TaskChange& change, const IfMatch& if_match = {});
Sha256 fingerprint_of_deletion(TaskId id, const IfMatch& if_match);
// Of deleting many tasks.
Sha256 fingerprint(TaskFilter deleted);

// The answer to another intent of the same key.
std::unexpected<Error> key_in_use();

}  // namespace tasklane
