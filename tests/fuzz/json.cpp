// The JSON reader and writer, and the readers of task bodies on top: what passes keeps the contract, and a
// string that is written is read as it was.

#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "json/json_reader.h"
#include "json/json_text.h"
#include "tasks/task_json.h"

using namespace tasklane;
using fuzz::require;

namespace {

void check(const JsonValue& value, std::size_t depth) {
  require(depth <= limits::kJsonDepthMax, "nesting has a bound");
  if (const auto* members = value.object()) {
    for (const auto& [name, member] : *members) {
      require(value.find(name) == &member, "a name is there once");
      require(count_code_points(name).has_value(), "a name is UTF-8 without U+0000");
      check(member, depth + 1);
    }
  }
  if (const auto* elements = value.array()) {
    for (const JsonValue& element : *elements) check(element, depth + 1);
  }
  if (const auto* text = value.string())
    require(count_code_points(*text).has_value(), "a string is UTF-8 without U+0000");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto value = parse_json(text)) {
    check(*value, 0);
  } else {
    require(!value.error().empty(), "a refusal has a sentence");
  }
  JsonText once(0);
  once.string(text);
  const std::string quoted = once.take();
  const auto back = parse_json(quoted);
  require(back.has_value() == count_code_points(text).has_value(),
          "what is written is JSON when it is UTF-8");
  require(!back || *back->string() == text, "a string comes back");

  if (const auto task = parse_new_task(text)) {
    const auto length = count_code_points(task->title);
    require(length && *length >= 1 && *length <= limits::kTitleMaxCodePoints,
            "a title has 1 to 200 characters");
    require(trim_white_space(task->title) == task->title, "a title is trimmed");
  }
  (void)parse_task_change(text), (void)parse_completion(text);
  return 0;
}
