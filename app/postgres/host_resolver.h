#pragma once
// Looks host names up without blocking the loop (libpq's own look-up would) and hands libpq the addresses.
// The names stay beside them: TLS verifies the name, and Neon routes by it (SNI).

#include <utility>  // Boost 1.74's awaitable.hpp needs it first

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "postgres/libpq_connection.h"

namespace tasklane {

// The keywords with `hostaddr` filled in, one entry per address; unchanged for unix sockets and numeric
// hosts. Empty when no host has an address.
boost::asio::awaitable<std::optional<ConnectionKeywords>> resolve_hosts(ConnectionKeywords keywords);

}  // namespace tasklane
