#pragma once
// /status as a table for a person: one line per worker, and above it what concerns all.

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace tasklane {

class StatusTable {
 public:
  // With colours for a terminal.
  explicit StatusTable(bool colours) : colours_(colours) {}

  // The text of a /status answer; a sentence when it is none. From the second call on with requests per
  // second since the one before. With the master's own status, why its last reload failed.
  std::expected<std::string, std::string> render(std::string_view status_json,
                                                 std::string_view master_json = {});

 private:
  struct Seen {
    std::int64_t time = 0;
    std::map<std::int64_t, std::int64_t> requests;  // by pid
  };

  std::string rate(std::int64_t pid, std::int64_t requests, std::int64_t time) const;
  std::string marked(std::string_view text, bool alarming) const;

  bool colours_;
  Seen before_;
};

}  // namespace tasklane
