#pragma once
// libfcgi as the worker sets it up: once, and then SIGPIPE is ignored again.

#include <csignal>

#include "fastcgi/exchange.h"

namespace tasklane {

struct FastcgiLibrary {
  FastcgiLibrary() {
    Exchange::set_up_library();
    std::signal(SIGPIPE, SIG_IGN);
  }
};

}  // namespace tasklane
