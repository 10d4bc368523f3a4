#pragma once
// What a master hands to the executable that takes its place in the same process: the pool's state and the
// numbers of the descriptors that stay open. Text lines in a memfd, whose number stands in the environment
// (kStateVariable). The first line names the version: what cannot be read whole is refused, and a master lets
// the new executable read it before it gives itself up.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptors.h"
#include "supervisor/control.h"
#include "supervisor/generation_files.h"
#include "supervisor/pool.h"

namespace tasklane {

inline constexpr char kStateVariable[] = "TASKLANE_STATE_FD";
inline constexpr int kHandoverVersion = 3;

struct Handover {
  PoolState pool = {.settings = {.workers = 0, .drain_timeout = {}}, .slots = {}};
  // What each generation was begun with; a reload that waits is the next one.
  struct GivenGeneration {
    std::uint64_t number;
    Adjustable adjustable;
    int values_fd;
    int keys_fd;
  };
  std::vector<GivenGeneration> generations = {};
  int listen_fd = -1;
  std::string listen_path = {};  // empty: the service manager's
  int control_fd = -1;
  std::string control_path = {};
  int tcp_listen_fd = -1;
  std::string tcp_address = {};  // FASTCGI_LISTEN as it was bound; empty: there is none
  int metrics_fd = -1;
  struct Channel {  // to a worker
    std::size_t slot;
    int fd;
  };
  std::vector<Channel> channels = {};
  std::vector<Control::Waiter> waiters = {};

  std::vector<int> descriptors() const;  // all that the new executable needs
};

std::string encode(const Handover& handover);
std::expected<Handover, std::string> decode(std::string_view text);  // or a sentence

// A memfd with the text, close-on-exec. Throws std::system_error.
Descriptor write_state(std::string_view text);
std::expected<Handover, std::string> read_state(int fd);

}  // namespace tasklane
