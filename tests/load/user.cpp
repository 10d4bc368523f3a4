#include "user.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/text.h"

namespace load {

namespace asio = boost::asio;

namespace {

// The API's own JSON: its members stand in a known order, its titles here need no escape.
std::string_view behind(std::string_view text, std::string_view mark, std::string_view end) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + mark.size());
  return text.substr(0, text.find_first_of(end));
}

std::uint64_t id_of(std::string_view task) {
  return tasklane::parse_number<std::uint64_t>(behind(task, "\"id\":", ",}")).value_or(0);
}
std::string title_of(std::string_view task) {
  return std::string(behind(task, "\"title\":\"", "\""));
}
bool completed_of(std::string_view task) {
  return behind(task, "\"completed\":", ",}") == "true";
}

bool is_failure(const Answer& answer) {
  return answer.status == 0 || answer.status >= 500 || answer.status == 429;
}
std::string_view error_type(const Answer& answer) {
  return behind(answer.body, "\"error_type\":\"", "\"");
}

constexpr std::size_t kTasksMax = 20;  // of one user: lists stay short
constexpr int kTriesMax = 40;          // of one write with a key: longer than any outage of the tests
constexpr std::chrono::milliseconds kRetryDelay{500};

}  // namespace

User::User(asio::io_context& loop, const Server& server, const std::string& token, unsigned seed, bool keys,
           Report& report)
    : loop_(loop),
      connection_(loop, server),
      headers_(fmt::format("Authorization: Bearer {}\r\nOrigin: https://app.example.com\r\n"
                           "Content-Type: application/json\r\n",
                           token)),
      random_(seed),
      seed_(seed),
      keys_(keys),
      report_(report) {}

asio::awaitable<void> User::work(double seconds_between, const bool& stopping) {
  asio::steady_timer timer(loop_);
  const auto pace =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_between));
  auto next = Clock::now() + pace * (seed_ % 100) / 100;
  while (!stopping) {
    timer.expires_at(next);
    co_await timer.async_wait(asio::use_awaitable);
    next = std::max(next + pace, Clock::now());
    co_await act();
  }
}

asio::awaitable<Answer> User::ask(std::string_view method, const std::string& path, const std::string& body,
                                  const std::string& key) {
  const auto begun = Clock::now();
  const bool began_in_a_fault = report_.fault;
  Answer answer;
  try {
    answer = co_await connection_.ask(method, path, headers_ + key, body);
  } catch (const std::exception&) {
    answer.status = 0;
  }
  ++report_.requests;
  if (answer.replayed) ++report_.replayed;
  if (!is_failure(answer)) {
    report_.add_success(begun, began_in_a_fault);
    co_return answer;
  }
  ++report_.failures[answer.status];
  if (!answer.json || !answer.cors) ++report_.failures_out_of_shape;
  report_.failed.push_back({.begun = begun,
                            .ended = Clock::now(),
                            .kind = fmt::format("{} {} {}", method, answer.status, error_type(answer))});
  co_return answer;
}

// What a write's client knows now. An answer that is neither the success nor a failure contradicts the
// ledger.
User::Outcome User::outcome(const Answer& answer, int success) {
  if (answer.status == success) {
    ++report_.acknowledged_writes;
    return Outcome::done;
  }
  if (is_failure(answer) && answer.status != 0 && error_type(answer) != "outcome_unknown") {
    ++report_.failed_writes;
    return Outcome::failed;
  }
  if (!is_failure(answer)) ++report_.wrong;
  ++report_.unknown_writes;
  return Outcome::unknown;
}

asio::awaitable<User::Outcome> User::write(std::string_view method, std::string path, std::string body,
                                           int success, Answer& answer) {
  const bool keyed = keys_ && (method == "POST" || method == "PATCH");
  const std::string key =
      keyed ? fmt::format("Idempotency-Key: {:016x}{:016x}\r\n", random_(), random_()) : "";
  answer = co_await ask(method, path, body, key);
  Outcome told = outcome(answer, success);
  asio::steady_timer timer(loop_);
  const bool doubted = keyed && told == Outcome::unknown;
  // Once in doubt, a refusal of the retry says nothing of the first try.
  for (int tries = 1; doubted && told != Outcome::done && tries < kTriesMax; ++tries) {
    timer.expires_after(kRetryDelay);
    co_await timer.async_wait(asio::use_awaitable);
    answer = co_await ask(method, path, body, key);
    told = outcome(answer, success);
    if (told == Outcome::done) ++report_.settled;
  }
  co_return doubted&& told == Outcome::failed ? Outcome::unknown : told;
}

asio::awaitable<void> User::act() {
  const unsigned dice = static_cast<unsigned>(random_() % 100);
  if (tasks_.empty() || (dice < 25 && tasks_.size() < kTasksMax)) co_return co_await create();
  auto chosen = tasks_.begin();
  std::advance(chosen, static_cast<long>(random_() % tasks_.size()));
  const std::uint64_t id = chosen->first;
  if (chosen->second.doubtful()) co_return co_await create();
  if (dice < 45) co_return co_await change(id);
  if (dice < 60) co_return co_await complete(id);
  if (dice < 80) co_return co_await remove(id);
  co_await read(id);
}

std::string User::new_title() {
  return fmt::format("task {} of user {}", ++titles_, seed_);
}

asio::awaitable<void> User::create() {
  const std::string title = new_title();
  Answer answer;
  switch (co_await write("POST", "/api/tasks", fmt::format(R"({{"title":"{}"}})", title), 201, answer)) {
    case Outcome::done:
      if (title_of(answer.body) != title) ++report_.wrong;
      tasks_[id_of(answer.body)] = {.now = {.title = title}};
      co_return;
    case Outcome::unknown:
      attempted_.insert(title);
      co_return;
    case Outcome::failed:
      co_return;
  }
}

asio::awaitable<void> User::change(std::uint64_t id) {
  const State changed{.title = new_title(), .completed = tasks_[id].now.completed};
  Answer answer;
  const std::string body = fmt::format(R"({{"title":"{}"}})", changed.title);
  const Outcome told = co_await write("PUT", fmt::format("/api/tasks/{}", id), body, 200, answer);
  if (told == Outcome::done) tasks_[id].now = changed;
  if (told == Outcome::unknown) tasks_[id].perhaps = changed;
}

// The toggle: carried out twice, it would show.
asio::awaitable<void> User::complete(std::uint64_t id) {
  const State toggled{.title = tasks_[id].now.title, .completed = !tasks_[id].now.completed};
  Answer answer;
  const Outcome told = co_await write("PATCH", fmt::format("/api/tasks/{}/complete", id), "", 200, answer);
  if (told == Outcome::unknown) tasks_[id].perhaps = toggled;
  if (told != Outcome::done) co_return;
  tasks_[id].now = toggled;
  if (completed_of(answer.body) != toggled.completed) ++report_.wrong;
}

asio::awaitable<void> User::remove(std::uint64_t id) {
  Answer answer;
  const Outcome told = co_await write("DELETE", fmt::format("/api/tasks/{}", id), "", 204, answer);
  if (told == Outcome::done) tasks_.erase(id);
  if (told == Outcome::unknown) tasks_[id].perhaps_gone = true;
}

asio::awaitable<void> User::read(std::uint64_t id) {
  const Answer answer = co_await ask("GET", fmt::format("/api/tasks/{}", id));
  if (is_failure(answer)) co_return;
  const State found{.title = title_of(answer.body), .completed = completed_of(answer.body)};
  if (answer.status != 200 || found != tasks_[id].now) ++report_.wrong;
}

asio::awaitable<void> User::verify() {
  const Answer answer = co_await ask("GET", "/api/tasks");
  if (answer.status != 200) {
    ++report_.lost;
    co_return;
  }
  std::set<std::string> titles;
  std::string_view rest = answer.body;
  for (auto at = rest.find("{\"id\":"); at != std::string_view::npos; at = rest.find("{\"id\":")) {
    rest.remove_prefix(at);
    const std::string_view task = rest.substr(0, rest.find('}'));
    rest.remove_prefix(1);
    const State found{.title = title_of(task), .completed = completed_of(task)};
    if (!found.title.ends_with(fmt::format(" of user {}", seed_))) ++report_.cross_user;
    if (!titles.insert(found.title).second) ++report_.duplicates;
    compare(id_of(task), found);
  }
  for (const auto& [id, task] : tasks_) {
    if (!task.perhaps_gone) ++report_.lost;
  }
}

void User::compare(std::uint64_t id, const State& found) {
  const auto known = tasks_.find(id);
  if (known == tasks_.end()) {
    if (!attempted_.contains(found.title) || found.completed) ++report_.unexplained;
    return;
  }
  const Task& task = known->second;
  if (found != task.now && found != task.perhaps) ++report_.unexplained;
  tasks_.erase(known);
}

}  // namespace load
