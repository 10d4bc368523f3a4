#pragma once
// What `tasklane check --db` tells of the way to the database, which it goes as a worker does: the same
// look-up of host names, the same connect_timeout, the same statements prepared.

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "postgres/connector.h"
#include "schema/inspection.h"
#include "store/pg_key_source.h"

namespace tasklane {

struct ConnectionTimes {
  std::chrono::duration<double, std::milli> connect;     // until a statement can be sent
  std::chrono::duration<double, std::milli> round_trip;  // of the shortest statement, the median of a few
};

// One connection, made and dropped. Throws std::invalid_argument when the URL is malformed.
std::expected<ConnectionTimes, Connector::Failure> time_connection(const std::string& url);

// The keys in the database, read on a connection of their own as a worker reads them.
Result<ReadKeys> read_database_keys(const std::string& url, const KeyOrigin& origin);

// Bad when they cannot be read or none of those that are there can be used. No key is a normal start.
std::vector<Finding> judge(const Result<ReadKeys>& keys);

// A warning where the bounds of a request leave no room for these times.
std::vector<Finding> judge(const ConnectionTimes& times);

}  // namespace tasklane
