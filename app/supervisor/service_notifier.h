#pragma once
// What systemd, or whoever speaks its protocol, wants to hear of a service: one datagram a message to the
// socket that NOTIFY_SOCKET names (sd_notify(3)). Without that variable everything here does nothing. A
// message that cannot be sent is lost: the service goes on.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptors.h"

namespace tasklane {

class ServiceNotifier {
 public:
  // From NOTIFY_SOCKET (a path, or @NAME in the abstract namespace), WATCHDOG_USEC and WATCHDOG_PID.
  static ServiceNotifier from_environment();

  void ready() const { send("READY=1"); }
  void reloading() const;  // with MONOTONIC_USEC, as Type=notify-reload needs it
  void stopping(std::chrono::milliseconds for_at_most) const;  // whatever TimeoutStopSec says
  void alive() const { send("WATCHDOG=1"); }
  void status(const std::string& sentence);  // sent when it is another one than before

  // How often alive() is expected, at half of the limit; empty: never.
  std::optional<std::chrono::milliseconds> watchdog_interval() const { return interval_; }

 private:
  void send(std::string_view message) const;

  Descriptor socket_;  // connected; none: nobody listens
  std::optional<std::chrono::milliseconds> interval_;
  std::string status_;
};

}  // namespace tasklane
