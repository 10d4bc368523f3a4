#include "postgres/libpq_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <system_error>
#include <thread>

#include "base/limits.h"
#include "base/text.h"

namespace tasklane {

namespace {

constexpr int kBinary = 1;

// libpq 15's PQcancel only blocks; the asynchronous one of 17 would need a state machine of its own for what
// happens once in a blue moon. So it is the blocking one of either, off the loop; 17's goes encrypted when
// the connection is.
#ifdef LIBPQ_HAS_ASYNC_CANCEL
using CancelRequest = std::unique_ptr<PGcancelConn, decltype(&PQcancelFinish)>;
CancelRequest cancel_request(PGconn* connection) {
  return {PQcancelCreate(connection), &PQcancelFinish};
}
void send(const CancelRequest& request) {
  PQcancelBlocking(request.get());
}
#else
using CancelRequest = std::unique_ptr<PGcancel, decltype(&PQfreeCancel)>;
CancelRequest cancel_request(PGconn* connection) {
  return {PQgetCancel(connection), &PQfreeCancel};
}
void send(const CancelRequest& request) {
  std::array<char, 256> error{};
  PQcancel(request.get(), error.data(), static_cast<int>(error.size()));
}
#endif

Reply read_error(const PGresult* result) {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result, code);
    return std::string(text == nullptr ? "" : text);
  };
  const std::string severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
  return {.kind = Reply::Kind::error,
          .sqlstate = field(PG_DIAG_SQLSTATE),
          .message = field(PG_DIAG_MESSAGE_PRIMARY),
          .fatal = severity == "FATAL" || severity == "PANIC"};
}

Reply read_result(PGresult* result) {
  std::shared_ptr<const PGresult> owned(result, [](const PGresult* r) { PQclear(const_cast<PGresult*>(r)); });
  switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      return {.kind = Reply::Kind::rows, .rows = Rows(std::move(owned))};
    case PGRES_PIPELINE_SYNC:
      return {.kind = Reply::Kind::sync};
    case PGRES_PIPELINE_ABORTED:
      return {.kind = Reply::Kind::aborted};
    case PGRES_FATAL_ERROR:
    case PGRES_NONFATAL_ERROR:
    case PGRES_BAD_RESPONSE:
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
    case PGRES_SINGLE_TUPLE:
      break;
#ifdef LIBPQ_HAS_CHUNK_MODE  // PostgreSQL 17
    case PGRES_TUPLES_CHUNK:
      break;
#endif
  }
  return read_error(result);
}

}  // namespace

std::optional<ConnectionKeywords> parse_connection_url(const std::string& url) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  PQfreemem(message);  // may quote the URL, and so the password: never shown
  if (options == nullptr) return std::nullopt;
  ConnectionKeywords keywords;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) keywords.emplace_back(option->keyword, option->val);
  }
  PQconninfoFree(options);
  return keywords;
}

std::string value_of(const ConnectionKeywords& keywords, std::string_view name) {
  const auto found = std::ranges::find(keywords, name, &ConnectionKeywords::value_type::first);
  return found == keywords.end() ? std::string() : found->second;
}

bool libpq_knows(std::string_view parameter) {
  if (parameter == "ssl") return true;  // JDBC's ssl=true, which libpq's parser takes for sslmode=require
  PQconninfoOption* options = PQconndefaults();
  bool known = options == nullptr;
  for (const PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option)
    known = known || parameter == option->keyword;
  PQconninfoFree(options);
  return known;
}

bool libpq_knows_system_roots() {
  constexpr int kVersion16 = 160'000;
  return PQlibVersion() >= kVersion16;
}

std::string refused_keyword(const ConnectionKeywords& keywords) {
  // Where no socket is: libpq looks at all values, tries the socket at once, and says so.
  constexpr std::string_view kNowhere = "/nonexistent/tasklane";
  const auto is_refused = [&](ConnectionKeywords some) {
    if (value_of(some, "host").empty()) some.emplace_back("host", kNowhere);
    if (value_of(some, "user").empty()) some.emplace_back("user", "tasklane");
    LibpqConnection connection(some);
    return connection.connect() == LibpqConnection::Progress::failed &&
           !connection.error().contains(kNowhere);
  };
  if (is_refused({})) return "";  // by what is around it, such as PGSSLMODE: not the URL's fault
  ConnectionKeywords elsewhere;
  for (const auto& [name, value] : keywords) {
    if (name == "host" || name == "hostaddr") continue;
    // Each port is one host's.
    const auto parts = name == "port" ? split(value, ',') : std::vector{value};
    for (const auto& part : parts) {
      if (is_refused({{name, part}})) return name;
    }
    elsewhere.emplace_back(name, value);
  }
  const auto count = [&](std::string_view name) { return std::ranges::count(value_of(keywords, name), ','); };
  std::string hosts(kNowhere);
  const bool named = !value_of(keywords, "host").empty();
  const bool addressed = !value_of(keywords, "hostaddr").empty();
  if (named && addressed && count("host") != count("hostaddr")) return "host, hostaddr or port";
  for (auto more = count(named ? "host" : "hostaddr"); more > 0; --more)
    hosts += fmt::format(",{}", kNowhere);
  if (named || addressed) elsewhere.emplace_back("host", hosts);
  return is_refused(elsewhere) ? "host, hostaddr or port" : "";
}

void LibpqConnection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

LibpqConnection::LibpqConnection(const ConnectionKeywords& keywords) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  // While connecting there is no PGresult to take the SQLSTATE from; this puts it into the text.
  if (connection_) PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
}

LibpqConnection::Progress LibpqConnection::connect() {
  if (connection_ == nullptr || PQstatus(connection_.get()) == CONNECTION_BAD) return Progress::failed;
  switch (PQconnectPoll(connection_.get())) {
    case PGRES_POLLING_READING:
      return Progress::wants_read;
    case PGRES_POLLING_WRITING:
      return Progress::wants_write;
    case PGRES_POLLING_ACTIVE:
      return Progress::wants_write;  // unused by libpq
    case PGRES_POLLING_FAILED:
      return Progress::failed;
    case PGRES_POLLING_OK:
      break;
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  // Notices would go to stderr, past the log. With nothing in flight, the error that ends a connection is
  // one.
  PQsetNoticeReceiver(
      connection_.get(),
      [](void* self, const PGresult* notice) {
        if (Reply reply = read_error(notice); reply.fatal)
          static_cast<LibpqConnection*>(self)->farewell_ = std::move(reply);
      },
      this);
  const bool ready =
      PQsetnonblocking(connection_.get(), 1) == 0 && PQenterPipelineMode(connection_.get()) == 1;
  return ready ? Progress::done : Progress::failed;
}

int LibpqConnection::socket() const {
  return connection_ ? PQsocket(connection_.get()) : -1;
}

// "…: FATAL:  28P01: words LOCATION:  function, file:line" (fe-protocol3.c, pqBuildErrorMessage3). The
// severity is in the server's language.
LibpqConnection::Refusal LibpqConnection::refusal() const {
  constexpr std::string_view kBefore = ":  ", kBehind = ": ";
  constexpr std::size_t kSqlstateCharacters = 5;
  Refusal refusal{.sqlstate = "", .why = error()};
  for (auto at = refusal.why.find(kBefore); at != std::string::npos; at = refusal.why.find(kBefore, at + 1)) {
    const auto code = at + kBefore.size();
    const std::string sqlstate = refusal.why.substr(code, kSqlstateCharacters);
    if (sqlstate.size() < kSqlstateCharacters || refusal.why.find(kBehind, code) != code + sqlstate.size() ||
        sqlstate.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos)
      continue;
    refusal.sqlstate = sqlstate;
    refusal.why.resize(std::min(refusal.why.size(), refusal.why.find(" LOCATION:  ")));
    refusal.why.erase(code, sqlstate.size() + kBehind.size());
    break;
  }
  return refusal;
}

bool LibpqConnection::prepare(const Statement& statement, bool by_name) {
  return PQsendPrepare(connection_.get(), by_name ? statement.prepared_name.c_str() : "", statement.sql, 0,
                       nullptr) == 1;
}

bool LibpqConnection::execute(const Statement& statement, const Parameters& parameters, bool by_name,
                              std::size_t most) {
  std::array<const char*, kParametersMax> values{};
  std::array<int, kParametersMax> lengths{};
  std::array<int, kParametersMax> formats{};
  const std::size_t size = std::min(parameters.size(), most);
  for (std::size_t i = 0; i < size; ++i) {
    values.at(i) = parameters.data(i);
    lengths.at(i) = parameters.length(i);
    formats.at(i) = kBinary;
  }
  const int count = static_cast<int>(size);
  if (by_name) {
    return PQsendQueryPrepared(connection_.get(), statement.prepared_name.c_str(), count, values.data(),
                               lengths.data(), formats.data(), kBinary) == 1;
  }
  // Without types the server infers them from the text, as it does for a prepared one.
  return PQsendQueryParams(connection_.get(), statement.sql, count, nullptr, values.data(), lengths.data(),
                           formats.data(), kBinary) == 1;
}

bool LibpqConnection::sync() {
  return PQpipelineSync(connection_.get()) == 1;
}

LibpqConnection::Progress LibpqConnection::flush() {
  const int left = PQflush(connection_.get());
  if (left < 0) return Progress::failed;
  return left == 0 ? Progress::done : Progress::wants_write;
}

bool LibpqConnection::consume() {
  return PQconsumeInput(connection_.get()) == 1 && PQstatus(connection_.get()) == CONNECTION_OK;
}

std::optional<Reply> LibpqConnection::next() {
  // libpq ends each statement's results with a null; two in a row mean that nothing more is expected.
  for (int nulls = 0; nulls < 2 && PQisBusy(connection_.get()) == 0;) {
    PGresult* result = PQgetResult(connection_.get());
    if (result != nullptr) {
      Reply reply = read_result(result);
      reply.in_block =
          reply.kind == Reply::Kind::sync && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE;
      return reply;
    }
    ++nulls;
  }
  return std::exchange(farewell_, std::nullopt);
}

void LibpqConnection::cancel() const {
  static std::atomic<int> under_way = 0;
  if (++under_way > limits::kCancelsMax) {
    --under_way;
    return;
  }
  try {
    std::thread([request = cancel_request(connection_.get())] {
      if (request) send(request);
      --under_way;
    }).detach();  // the process may end without it
  } catch (const std::system_error&) {
    --under_way;  // no thread to be had: the statement's own timeout has to do
  }
}

std::string LibpqConnection::error() const {
  std::string text = connection_ ? PQerrorMessage(connection_.get()) : "out of memory";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\t', ' ');
  return text;
}

}  // namespace tasklane
