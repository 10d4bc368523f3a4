#include "schema/synchronous.h"

#include <fmt/format.h>

#include <array>

#include "base/limits.h"

namespace tasklane {

namespace {

using Kind = DatabaseError::Kind;

// The server's own messages begin with a severity, in its language; libpq's do not.
std::size_t severity_size(std::string_view message) {
  const auto end = message.find(":  ");
  return end == std::string_view::npos || message.substr(0, end).contains(' ') ? 0 : end + 3;
}

// The server's first line without its severity; what follows quotes the statement.
std::string first_line(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  return std::string(message.substr(severity_size(message)));
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
bool is_temporary(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 5> kClasses = {"08", "40", "53", "57", "58"};
  constexpr std::array<std::string_view, 3> kStates = {
      "25006",  // read-only: a standby after a failover
      "55P03",  // lock_timeout
      "XX000",  // "tuple concurrently updated": another session changed the same role
  };
  for (const auto state_class : kClasses) {
    if (sqlstate.starts_with(state_class)) return true;
  }
  for (const auto state : kStates) {
    if (sqlstate == state) return true;
  }
  return false;
}

// An unescaped "@" in a password makes libpq take the password's end for a part of the host, and quote it.
bool may_quote_password(std::string_view url) {
  const auto authority = url.substr(0, url.find('?'));
  return authority.find('@') != authority.rfind('@');
}

}  // namespace

// libpq quotes a URL that it cannot parse, password and all, so only messages known to come from behind the
// parser are passed on.
DatabaseError connection_error(std::string_view doing, std::string_view url, std::string_view message) {
  if (may_quote_password(url)) {
    return {Kind::permanent,
            fmt::format("{}: the database's URL has more than one @; write one in a password as %40", doing)};
  }
  if (message.contains("root certificate file \"system\"")) {
    return {Kind::permanent,
            fmt::format("{}: sslrootcert=system needs libpq 16 or newer; name the file with the authorities"
                        " instead, such as /etc/ssl/certs/ca-certificates.crt",
                        doing)};
  }
  const auto fatal = message.find("FATAL:  ");
  if (fatal != std::string_view::npos) {
    const std::string said = first_line(message.substr(fatal));
    // A server that starts, stops or is full says so as FATAL, too; a wrong password, role or database stays
    // wrong.
    for (const std::string_view busy :
         {"starting up", "shutting down", "too many", "remaining connection slots", "recovery",
          "terminating connection", "not yet accepting"}) {
      if (said.contains(busy))
        return {Kind::temporary, fmt::format("{}: the database says: {}", doing, said)};
    }
    return {Kind::permanent, fmt::format("{}: the database refuses the login: {}", doing, said)};
  }
  // "could not translate", "connection to server at … failed", "server closed the connection unexpectedly"
  const std::string said = first_line(message);
  for (const std::string_view known :
       {"connection to server", "could not ", "server closed", "timeout expired", "SSL ",
        "no connection to the server", "Lost connection", "Connection "}) {
    if (said.starts_with(known))
      return {Kind::temporary, fmt::format("{}: the database cannot be reached: {}", doing, said)};
  }
  for (const std::string_view parsing : {"URI", "invalid", "missing", "forbidden", "percent"}) {
    if (!message.contains(parsing)) continue;
    return {Kind::permanent, fmt::format("{}: the database's URL is not one that libpq understands", doing)};
  }
  return {Kind::temporary, fmt::format("{}: the database cannot be reached", doing)};
}

std::string bounded_url(const std::string& url) {
  std::string bounded = url;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (bounded.contains(fmt::format("{}=", name))) return;
    bounded += fmt::format("{}{}={}", bounded.contains('?') ? '&' : '?', name, value);
  };
  add("connect_timeout", std::to_string(limits::kConnectTimeout.count()));
  add("keepalives_idle", "30");  // seconds; a host that is gone is noticed while a statement is awaited
  add("keepalives_interval", "10");
  return bounded;
}

DatabaseError current_database_error(std::string_view doing, std::string_view url) {
  try {
    throw;
  } catch (const pqxx::in_doubt_error&) {
    // Run again: whether it was committed is read from the database.
    return {Kind::temporary,
            fmt::format("{}: the connection was lost while committing; run it again", doing)};
  } catch (const pqxx::transaction_rollback& error) {
    return {Kind::temporary, fmt::format("{}: {}", doing, first_line(error.what()))};
  } catch (const pqxx::broken_connection& error) {
    const std::string_view said = error.what();
    // An error of class 08 on a connection that lives: a distributed engine does not reach a node, or is
    // refused.
    if (severity_size(said) > 0 && !said.starts_with("FATAL:"))
      return {Kind::temporary, fmt::format("{}: {}", doing, first_line(said))};
    return connection_error(doing, url, said);
  } catch (const pqxx::sql_error& error) {
    const Kind kind = is_temporary(error.sqlstate()) ? Kind::temporary : Kind::permanent;
    // 6.4 leaves the state out of some errors.
    const std::string state = error.sqlstate().empty() ? "" : fmt::format(" (SQLSTATE {})", error.sqlstate());
    return {kind, fmt::format("{}: {}{}", doing, first_line(error.what()), state)};
  } catch (const pqxx::failure& error) {
    return {Kind::permanent, fmt::format("{}: {}", doing, first_line(error.what()))};
  }
}

}  // namespace tasklane
