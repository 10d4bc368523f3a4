#include "user.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>

namespace load {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

// The API's own JSON: its members stand in a known order, its titles here need no escape.
std::string_view behind(std::string_view text, std::string_view mark, std::string_view end) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + mark.size());
  return text.substr(0, text.find_first_of(end));
}

std::uint64_t id_of(std::string_view task) {
  const std::string_view digits = behind(task, "\"id\":", ",}");
  std::uint64_t id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id);
  return id;
}
std::string title_of(std::string_view task) {
  return std::string(behind(task, "\"title\":\"", "\""));
}
bool completed_of(std::string_view task) {
  return behind(task, "\"completed\":", ",}") == "true";
}

constexpr std::size_t kTasksMax = 20;  // of one user: lists stay short

}  // namespace

User::User(asio::io_context& loop, unsigned short port, const std::string& token, unsigned seed,
           Report& report)
    : loop_(loop),
      connection_(loop, port),
      headers_(fmt::format("Authorization: Bearer {}\r\nOrigin: https://app.example.com\r\n"
                           "Content-Type: application/json\r\n",
                           token)),
      random_(seed),
      seed_(seed),
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

asio::awaitable<Answer> User::ask(std::string_view method, const std::string& path, const std::string& body) {
  const auto begun = Clock::now();
  Answer answer;
  try {
    answer = co_await connection_.ask(method, path, headers_, body);
  } catch (const std::exception&) {
    answer.status = 0;
  }
  const auto ended = Clock::now();
  ++report_.requests;
  const bool failed = answer.status == 0 || answer.status >= 500 || answer.status == 429;
  if (!failed) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(ended - begun);
    report_.latencies_us.push_back(static_cast<std::uint32_t>(took.count()));
    co_return answer;
  }
  ++report_.failures[answer.status];
  if (!answer.json || !answer.cors) ++report_.failures_out_of_shape;
  report_.failed_at.push_back(std::chrono::duration<double>(ended.time_since_epoch()).count());
  co_return answer;
}

// Whether the answer is the expected success; anything else that is no failure contradicts.
bool User::counts(const Answer& answer, int success) {
  if (answer.status == success) return true;
  const bool failed = answer.status == 0 || answer.status >= 500 || answer.status == 429;
  if (!failed) ++report_.wrong;
  return false;
}

asio::awaitable<void> User::act() {
  const unsigned dice = static_cast<unsigned>(random_() % 100);
  if (tasks_.empty() || (dice < 25 && tasks_.size() < kTasksMax)) co_return co_await create();
  auto chosen = tasks_.begin();
  std::advance(chosen, static_cast<long>(random_() % tasks_.size()));
  const std::uint64_t id = chosen->first;
  if (chosen->second.doubtful) co_return co_await create();
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
  const Answer answer = co_await ask("POST", "/api/tasks", fmt::format(R"({{"title":"{}"}})", title));
  if (!counts(answer, 201)) {
    attempted_.insert(title);
    co_return;
  }
  ++report_.acknowledged_writes;
  if (title_of(answer.body) != title) ++report_.wrong;
  tasks_[id_of(answer.body)] = {.title = title, .completed = false};
}

asio::awaitable<void> User::change(std::uint64_t id) {
  const std::string title = new_title();
  const Answer answer =
      co_await ask("PUT", fmt::format("/api/tasks/{}", id), fmt::format(R"({{"title":"{}"}})", title));
  if (!counts(answer, 200)) {
    attempted_.insert(title);
    tasks_[id].doubtful = true;
    co_return;
  }
  ++report_.acknowledged_writes;
  tasks_[id].title = title;
}

// The toggle: carried out twice, it would show.
asio::awaitable<void> User::complete(std::uint64_t id) {
  const Answer answer = co_await ask("PATCH", fmt::format("/api/tasks/{}/complete", id));
  if (!counts(answer, 200)) {
    tasks_[id].doubtful = true;
    co_return;
  }
  ++report_.acknowledged_writes;
  tasks_[id].completed = !tasks_[id].completed;
  if (completed_of(answer.body) != tasks_[id].completed) ++report_.wrong;
}

asio::awaitable<void> User::remove(std::uint64_t id) {
  const Answer answer = co_await ask("DELETE", fmt::format("/api/tasks/{}", id));
  if (!counts(answer, 204)) {
    tasks_[id].doubtful = true;
    co_return;
  }
  ++report_.acknowledged_writes;
  tasks_.erase(id);
}

asio::awaitable<void> User::read(std::uint64_t id) {
  const Answer answer = co_await ask("GET", fmt::format("/api/tasks/{}", id));
  if (counts(answer, 200) && title_of(answer.body) != tasks_[id].title) ++report_.wrong;
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
    const std::string title = title_of(task);
    const auto known = tasks_.find(id_of(task));
    bool expected = attempted_.contains(title);
    if (known != tasks_.end()) {
      const bool as_remembered =
          known->second.title == title && known->second.completed == completed_of(task);
      expected = known->second.doubtful ? expected || known->second.title == title : as_remembered;
      tasks_.erase(known);
    }
    if (!titles.insert(title).second || !expected) ++report_.unexplained;
  }
  for (const auto& [id, task] : tasks_) {
    if (!task.doubtful) ++report_.lost;
  }
}

}  // namespace load
