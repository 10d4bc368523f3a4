#pragma once
// The pool for operators: one line of JSON for the control socket, one sentence for the service manager.

#include <cstdint>
#include <string>
#include <string_view>

#include "supervisor/pool.h"

namespace tasklane {

struct LastReload {
  std::uint64_t generation = 0;  // 0: of no worker, the configuration itself was refused
  bool failed = false;
  std::int64_t at_seconds = 0;  // Unix time; 0: there was none
  std::string why = {};         // when it failed
};

// "starting", "serving", "reloading", "draining" (it serves, and /readyz says 503), "stopping".
std::string_view phase(const Pool& pool, bool draining);

// {"pid","version","state","generation","workers_configured","workers_ready",
//  "slots":[{"slot","generation","state","pid","restarts"}],
//  "last_reload":null | {"generation","outcome","at","reason"}}
std::string status_json(const Pool& pool, const LastReload& last, bool draining);

// "generation 3: 2 of 2 workers ready; draining"
std::string status_sentence(const Pool& pool, const LastReload& last, bool draining);

}  // namespace tasklane
