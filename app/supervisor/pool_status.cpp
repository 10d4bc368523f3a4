#include "supervisor/pool_status.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/version.h"

namespace tasklane {

namespace {

// RFC 8259 section 7. What the workers say is ASCII; anything else becomes a question mark.
std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else {
      result += c >= ' ' && c < '\x7f' ? c : '?';
    }
  }
  return result + '"';
}

}  // namespace

std::string_view phase(const Pool& pool, bool draining) {
  if (pool.stopping()) return "stopping";
  if (draining) return "draining";
  if (pool.reloading()) return "reloading";
  return pool.serving_ready() == 0 ? "starting" : "serving";
}

std::string status_json(const Pool& pool, const LastReload& last, bool draining) {
  std::string text = fmt::format(
      R"({{"pid":{},"version":{},"state":"{}","generation":{},"workers_configured":{},"workers_ready":{},"slots":[)",
      ::getpid(), in_quotes(kVersion), phase(pool, draining), pool.serving(), pool.serving_workers(),
      pool.serving_ready());
  const char* separator = "";
  for (std::size_t i = 0; i < pool.slots().size(); ++i) {
    const PoolSlot& slot = pool.slots()[i];
    if (slot.state == SlotState::empty) continue;
    text += fmt::format(R"({}{{"slot":{},"generation":{},"state":"{}","pid":{},"restarts":{}}})", separator,
                        i, slot.generation, spelling(slot.state), slot.pid, slot.restarts);
    separator = ",";
  }
  text += R"(],"last_reload":)";
  if (last.at_seconds == 0) return text + "null}";
  return text + fmt::format(R"({{"generation":{},"outcome":"{}","at":{},"reason":{}}}}})", last.generation,
                            last.failed ? "failed" : "done", last.at_seconds,
                            last.failed ? in_quotes(last.why) : "null");
}

std::string status_sentence(const Pool& pool, const LastReload& last, bool draining) {
  if (pool.stopping()) return "stopping";
  std::string text = fmt::format("generation {}: {} of {} workers ready", pool.serving(),
                                 pool.serving_ready(), pool.serving_workers());
  if (draining) text += "; draining";
  if (pool.reloading()) text += "; reloading";
  if (last.failed) text += "; the last reload failed: " + last.why;
  return text;
}

}  // namespace tasklane
