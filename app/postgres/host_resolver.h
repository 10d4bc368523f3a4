#pragma once
// Looks host names up without blocking the loop (libpq's own look-up would) and hands libpq the addresses.
// The names stay beside them: TLS verifies the name, and Neon routes by it (SNI).

#include <vector>

#include "base/awaitable.h"
#include "postgres/libpq_connection.h"

namespace tasklane {

// The keywords of every address to try, in the URL's order: one host each, with its own port, and `hostaddr`
// unless it is a unix socket. With prefer-standby all come twice: first as standbys. Lists that do not match
// are left for libpq to refuse. Empty when no host has an address.
boost::asio::awaitable<std::vector<ConnectionKeywords>> resolve_hosts(ConnectionKeywords keywords);

}  // namespace tasklane
