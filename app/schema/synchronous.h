#pragma once
// The door to libpqxx, for the operator's commands: one connection, blocking calls, exceptions turned into
// DatabaseError. Only migrations.cpp, inspection.cpp, rehearsal.cpp, restoration.cpp and user_records.cpp
// include this; the request path goes through pipeline.h.
//
// Debian 12 has libpqxx 6.4 and Debian 13 has 7.10, so only calls that both have, deprecated in neither:
// exec() with quote() for values (exec_params and exec_prepared are deprecated in 7.10). 6.4 reconnects by
// itself, into a session that has lost its settings: everything therefore lives inside transactions, which do
// not survive that.

#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/result>
#include <pqxx/transaction>
#include <string>
#include <string_view>

#include "schema/database_error.h"

namespace tasklane {

// The URL with a bound on connecting and keepalives, unless it sets its own.
std::string bounded_url(const std::string& url);

// Inside a catch block: what the exception in flight means. `doing` begins the sentence: "migrating", a
// file's name. `url` is the one connected to; nothing secret in it reaches the sentence.
DatabaseError current_database_error(std::string_view doing, std::string_view url);

}  // namespace tasklane
