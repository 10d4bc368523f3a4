#include "postgres/connection_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <stdexcept>

#include "base/limits.h"
#include "postgres/sqlstate.h"
#include "postgres/url_mistake.h"

namespace tasklane {

namespace asio = boost::asio;

namespace {

ConnectionKeywords keywords_of(const std::string& url) {
  auto keywords = parse_connection_url(url);
  if (!keywords) throw std::invalid_argument(why_malformed(url));
  const auto find = [&](std::string_view name) {
    return std::ranges::find(*keywords, name, &ConnectionKeywords::value_type::first);
  };
  const auto add_default = [&](std::string_view name, const char* value) {
    if (find(name) == keywords->end()) keywords->emplace_back(name, value);
  };
  // Of several hosts the one that takes writes: the others are its standbys.
  if (const auto host = find("host"); host != keywords->end() && host->second.contains(','))
    add_default("target_session_attrs", "read-write");
  add_default("application_name", "tasklane");
  // Texts go out as the JSON they come in, whatever the URL says.
  std::erase_if(*keywords, [](const auto& keyword) { return keyword.first == "client_encoding"; });
  keywords->emplace_back("client_encoding", "UTF8");
  return *std::move(keywords);
}

}  // namespace

std::string ConnectionPool::mistake_in(const std::string& url) {
  if (std::string unescaped = unescaped_character_in(url); !unescaped.empty()) return unescaped;
  try {
    const ConnectionKeywords keywords = keywords_of(url);
    connect_timeout(keywords);
    return why_refused(keywords);
  } catch (const std::invalid_argument& mistake) {
    return mistake.what();
  }
}

ConnectionPool::ConnectionPool(asio::io_context& loop, const std::string& url, int connections,
                               std::span<const Statement* const> statements, WorkerMetrics& metrics,
                               std::chrono::milliseconds deadline)
    : loop_(loop),
      observer_(metrics),
      tried_(loop.get_executor()),
      setting_{.connector = {.keywords = keywords_of(url), .statements = statements, .names = names_},
               .deadline = deadline,
               .place = [this](Job job) { place(std::move(job)); },
               .changed = [this] { changed(); }},
      tick_timer_(loop) {
  for (int i = 0; i < connections; ++i)
    pipelines_.push_back(std::make_unique<Pipeline>(loop_, setting_, observer_));
  long_reads_ = std::make_unique<Pipeline>(loop_, setting_, observer_);
}

void ConnectionPool::start() {
  for (const auto& pipeline : pipelines_) pipeline->want();
}

void ConnectionPool::changed() {
  if (std::ranges::all_of(pipelines_, [](const auto& pipeline) { return pipeline->flow().tried(); }))
    tried_.set();
  // One of several that does not answer holds nothing up.
  if (any_ready()) {
    for (const auto& pipeline : pipelines_) pipeline->give_way();
  }
  watch();
}

bool ConnectionPool::any_ready() const {
  return std::ranges::any_of(pipelines_, [](const auto& pipeline) { return pipeline->flow().ready(); });
}

const Connector::Attempt* ConnectionPool::attempt() const {
  if (any_ready()) return nullptr;
  const auto rank = [](const auto& pipeline) {
    const Connector::Attempt& attempt = pipeline->attempt();
    const auto since = attempt.since.time_since_epoch();
    return std::pair(!attempt.under_way, attempt.under_way ? since : -since);
  };
  return &(*std::ranges::min_element(pipelines_, {}, rank))->attempt();
}

// Home is the same for all statements whose first parameter is the same: the user.
ConnectionPool::Execution ConnectionPool::run(const Statement& statement, Parameters&& parameters,
                                              std::chrono::milliseconds within, TracePtr trace) {
  const auto now = Clock::now();
  if (trace && trace->submitted == Trace::Time{}) trace->submitted = now;
  std::size_t home = 0;
  if (parameters.size() > 0) {
    const std::string_view first(parameters.data(0), static_cast<std::size_t>(parameters.length(0)));
    home = std::hash<std::string_view>{}(first) % pipelines_.size();
  }
  return submit(Job{.statement = &statement,
                    .parameters = std::move(parameters),
                    .deadline = now + within,
                    .done = {},
                    .trace = std::move(trace),
                    .home = home});
}

void ConnectionPool::run_beside(const StatementWith<NoParameters>& statement, Job::Done done) {
  place(Job{.statement = &statement,
            .parameters = {},
            .deadline = Clock::now() + setting_.deadline,
            .done = std::move(done)});
}

ConnectionPool::Execution ConnectionPool::submit(Job job) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Rows>)>(
      [this](auto handler, Job waiting) {
        waiting.done = std::move(handler);
        take(std::move(waiting));
      },
      asio::use_awaitable, std::move(job));
}

// A request reopens all connections, also those it does not use.
void ConnectionPool::take(Job job) {
  choose(*job.statement, job.home).submit(std::move(job));
  for (const auto& pipeline : pipelines_) {
    if (!pipeline->flow().ready()) pipeline->want();
  }
  watch();
}

// A write goes to its user's home connection. A read joins the first connection that is quick: a few large
// batches cost all parts less than many small ones. Where that would mean to wait (a distant database, a slow
// statement) it goes where the least waits, as does everything while home is away. Where all refuse, home
// does.
Pipeline& ConnectionPool::choose(const Statement& statement, std::size_t home) {
  if (statement.effect == Effect::long_read && any_ready() && long_reads_->flow().accepts())
    return *long_reads_;
  Pipeline* const preferred = pipelines_[home].get();
  if (statement.effect == Effect::write) {
    if (preferred->flow().ready() && preferred->flow().accepts()) return *preferred;
  } else {
    const auto now = Clock::now();
    const auto quick =
        std::ranges::find_if(pipelines_, [&](const auto& pipeline) { return pipeline->flow().quick(now); });
    if (quick != pipelines_.end()) return **quick;
  }
  const auto rank = [&](const auto& pipeline) {
    const Flow& flow = pipeline->flow();
    return std::tuple(!flow.accepts(), !flow.ready(), flow.backlog(), pipeline.get() != preferred);
  };
  return **std::ranges::min_element(pipelines_, {}, rank);
}

// At the end of this turn of the loop: when several connections end at once, the others know it by then.
void ConnectionPool::place(Job job) {
  asio::post(loop_, [this, job = std::move(job)]() mutable { take(std::move(job)); });
}

// Deadlines are looked at while there is something to look at. At rest there is no timer.
void ConnectionPool::watch() {
  if (watching_ ||
      (!long_reads_->flow().pending() &&
       std::ranges::none_of(pipelines_, [](const auto& pipeline) { return pipeline->flow().pending(); })))
    return;
  watching_ = true;
  tick_timer_.expires_after(limits::kDeadlineTick);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    watching_ = false;
    if (error) return;
    const auto now = Clock::now();
    for (const auto& pipeline : pipelines_) pipeline->tick(now);
    long_reads_->tick(now);
    watch();
  });
}

}  // namespace tasklane
