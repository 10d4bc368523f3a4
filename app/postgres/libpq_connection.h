#pragma once
// One connection to Postgres in pipeline mode, as thin a layer over libpq as it can be (libpq documentation,
// "Pipeline Mode"; "Asynchronous Command Processing"). Never blocks and never waits: the caller watches
// socket() and calls again. With rows.cpp the only file that sees libpq.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postgres/reply.h"
#include "postgres/statement.h"

struct pg_conn;

namespace tasklane {

// Keywords and values of a connection string, and where its hosts are.
using ConnectionKeywords = std::vector<std::pair<std::string, std::string>>;

// Splits a postgresql:// URL. A sentence without the URL's content when it is malformed.
std::optional<ConnectionKeywords> parse_connection_url(const std::string& url);

// Empty: it is not among them.
std::string value_of(const ConnectionKeywords& keywords, std::string_view name);

// Whether an entry of `host` is a unix socket: the default one, a folder or an abstract name.
inline bool is_local(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@');
}

bool libpq_knows(std::string_view parameter);
bool libpq_knows_system_roots();  // sslrootcert=system

// The keyword whose value libpq refuses before it connects to anything, or "host, hostaddr or port" when
// their numbers do not fit; empty: none. Nothing is connected to.
std::string refused_keyword(const ConnectionKeywords& keywords);

class LibpqConnection {
 public:
  enum class Progress { wants_read, wants_write, done, failed };

  // Begins to connect. Resolve host names before (`hostaddr`): libpq's own look-up blocks.
  explicit LibpqConnection(const ConnectionKeywords& keywords);
  LibpqConnection(const LibpqConnection&) = delete;
  LibpqConnection& operator=(const LibpqConnection&) = delete;

  Progress connect();  // call when the socket is as asked for; done: in pipeline mode
  // Why connect() has failed, and the server's SQLSTATE; empty: it was not the server that refused.
  struct Refusal {
    std::string sqlstate;
    std::string why;  // as error()
  };
  Refusal refusal() const;
  int socket() const;  // may change between calls of connect()

  // Queue one message. False: the connection is lost. Not by name: the server is given the text each time,
  // and prepare() only has it looked at.
  bool prepare(const Statement& statement, bool by_name);
  // With `most` of the parameters.
  bool execute(const Statement& statement, const Parameters& parameters, bool by_name,
               std::size_t most = kParametersMax);
  bool sync();
  // done: everything is with the kernel.
  Progress flush();

  // Reads what has arrived. False: the connection is lost.
  bool consume();
  // The next whole reply, of those still expected, or the server's farewell; empty: not here yet.
  std::optional<Reply> next();

  // Has the server asked to stop what it does for this connection, which is then to be given up. Returns at
  // once and promises nothing: the request goes out on a connection of its own, in a thread of its own, of
  // which there are at most limits::kCancelsMax at a time.
  void cancel() const;

  // The last error in libpq's words, one line; host and user names may stand in it, a password never does.
  std::string error() const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Finish> connection_;
  std::optional<Reply> farewell_;  // the error with which an idle connection was ended
};

}  // namespace tasklane
