// open_loop PORT REQUESTS_PER_SECOND SECONDS CONNECTIONS FILE: sends the requests of the file (replay.py
// tells its form) over HTTPS at a fixed rate, whether or not earlier ones have been answered. A latency
// counts from the moment its request was due: time spent waiting for a free connection is part of it, so a
// stall is felt by everybody who would have come meanwhile (no coordinated omission). Prints one line of
// JSON; times are in milliseconds, "late" is how long the generator itself took to send what was due and had
// a connection.

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

#include "base/text.h"
#include "client/https_client.h"
#include "client/latency.h"

namespace {

using namespace client;
using tasklane::parse_number;
using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::chrono::seconds kPatience{10};  // past the last request's time, as nginx has it
constexpr std::size_t kCellDigits = 5;

// The requests of a file: cells of one size, each a number of bytes and so many bytes.
class Requests {
 public:
  explicit Requests(const char* path) {
    std::ifstream file(path, std::ios::binary);
    text_.assign(std::istreambuf_iterator<char>(file), {});
    if (text_.size() < kCellDigits) throw std::runtime_error("no requests");
    cell_ = number_at(0);
    random_ = std::uniform_int_distribution<std::size_t>(0, (text_.size() - kCellDigits) / cell_ - 1);
  }

  std::string_view any() {
    const std::size_t at = kCellDigits + random_(source_) * cell_;
    return std::string_view(text_).substr(at + kCellDigits, number_at(at));
  }

 private:
  std::size_t number_at(std::size_t at) const {
    return parse_number<std::size_t>(std::string_view(text_).substr(at, kCellDigits)).value();
  }

  std::string text_;
  std::size_t cell_ = 0;
  std::minstd_rand source_;
  std::uniform_int_distribution<std::size_t> random_;
};

class OpenLoop {
 public:
  OpenLoop(unsigned short port, double rate, double seconds, std::size_t connections, const char* file)
      : requests_(file),
        total_(static_cast<std::size_t>(rate * seconds)),
        interval_(static_cast<std::int64_t>(1e9 / rate)),
        context_(make_tls_context()),
        watch_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < connections; ++i) {
      clients_.push_back({HttpsClient(*context_, port), {}, {}});
      clients_[i].connection.shake_hands_now();
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      ::epoll_ctl(watch_, EPOLL_CTL_ADD, clients_[i].connection.descriptor(), &event);
      free_.push_back(i);
    }
  }

  void run() {
    start_ = Clock::now();
    for (Client& client : clients_) client.free_since = start_;
    const auto end = due(total_) + kPatience;
    for (auto now = start_; answered_ + broken_ < total_ && now < end && broken_ < clients_.size();
         now = Clock::now()) {
      send_what_is_due(now);
      const bool can_send = next_ < total_ && !free_.empty();
      wait(can_send ? std::max(nanoseconds{0}, nanoseconds{due(next_) - Clock::now()})
                    : nanoseconds{100'000'000});
    }
  }

  std::string json() {
    std::string by_status;
    for (const auto& [status, count] : statuses_)
      by_status += fmt::format("{}\"{}\":{}", by_status.empty() ? "" : ",", status, count);
    return fmt::format(
        R"({{"due":{},"sent":{},"answered":{},"broken":{},"statuses":{{{}}},"p50_ms":{:.3f},"p95_ms":{:.3f},)"
        R"("p99_ms":{:.3f},"max_ms":{:.3f},"late_p50_ms":{:.3f},"late_p99_ms":{:.3f},"late_max_ms":{:.3f}}})",
        total_, next_, answered_, broken_, by_status, percentile_ms(latencies_, 0.5),
        percentile_ms(latencies_, 0.95), percentile_ms(latencies_, 0.99), percentile_ms(latencies_, 1),
        percentile_ms(late_, 0.5), percentile_ms(late_, 0.99), percentile_ms(late_, 1));
  }

 private:
  struct Client {
    HttpsClient connection;
    Clock::time_point due, free_since;
  };

  Clock::time_point due(std::size_t number) const {
    return start_ + static_cast<std::int64_t>(number) * interval_;
  }

  void send_what_is_due(Clock::time_point now) {
    while (next_ < total_ && !free_.empty() && due(next_) <= now) {
      Client& client = clients_[free_.front()];
      free_.pop_front();
      client.due = due(next_++);
      late_.push_back(microseconds(now - std::max(client.due, client.free_since)));
      try {
        client.connection.send(requests_.any());
      } catch (const std::runtime_error&) {
        give_up(client);
      }
      now = Clock::now();
    }
  }

  void wait(nanoseconds longest) {
    std::array<epoll_event, 64> events;
    const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(longest.count())};
    const int count = ::epoll_pwait2(watch_, events.data(), static_cast<int>(events.size()), &time, nullptr);
    for (int i = 0; i < count; ++i) receive(events[static_cast<std::size_t>(i)].data.u64);
  }

  void receive(std::size_t index) {
    Client& client = clients_[index];
    try {
      const auto answer = client.connection.receive();
      if (!answer) return;
      client.free_since = Clock::now();
      latencies_.push_back(microseconds(client.free_since - client.due));
      ++statuses_[answer->status];
      ++answered_;
      free_.push_back(index);
    } catch (const std::runtime_error&) {
      give_up(client);
    }
  }

  // A connection that broke is not replaced: it is a failure.
  void give_up(Client& client) {
    ::epoll_ctl(watch_, EPOLL_CTL_DEL, client.connection.descriptor(), nullptr);
    ++broken_;
  }

  Requests requests_;
  std::size_t total_;
  nanoseconds interval_;
  TlsContext context_;
  int watch_;
  std::vector<Client> clients_;
  std::deque<std::size_t> free_;
  Clock::time_point start_;
  std::size_t next_ = 0, answered_ = 0, broken_ = 0;
  std::map<int, std::size_t> statuses_;
  std::vector<std::uint32_t> latencies_, late_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) return 2;
  OpenLoop loop(parse_number<unsigned short>(argv[1]).value(), parse_number<double>(argv[2]).value(),
                parse_number<double>(argv[3]).value(), parse_number<std::size_t>(argv[4]).value(), argv[5]);
  loop.run();
  fmt::print("{}\n", loop.json());
} catch (const std::exception& error) {
  fmt::print(stderr, "open_loop: {}\n", error.what());
  return 1;
}
