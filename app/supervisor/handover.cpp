#include "supervisor/handover.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/limits.h"

namespace tasklane {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kHandedWaitMax = 24h;  // far beyond what can be configured

// Times are those of CLOCK_MONOTONIC, which goes on across exec. 0 is no time.
std::int64_t number(PoolTime time) {
  return std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count();
}
std::int64_t number(const std::optional<PoolTime>& time) {
  return time ? number(*time) : 0;
}
PoolTime time_of(std::int64_t number) {
  return PoolTime(std::chrono::duration_cast<PoolTime::duration>(nanoseconds(number)));
}
std::optional<PoolTime> optional_time(std::int64_t number) {
  return number == 0 ? std::nullopt : std::optional(time_of(number));
}

// A time that was handed over, so far from its type's ends that what the pool adds and subtracts fits.
std::int64_t read_time(std::istream& in) {
  std::int64_t time = 0;
  if (in >> time && (time < 0 || time > std::numeric_limits<std::int64_t>::max() / 2))
    in.setstate(std::ios::failbit);
  return time;
}

std::string settings_text(const PoolSettings& s) {
  std::string text = fmt::format("{} {} {}", s.workers, s.drain_timeout.count(), s.ready_timeout.count());
  text += fmt::format(" {} {}", s.restart_delay_min.count(), s.restart_delay_max.count());
  return text + fmt::format(" {}", s.restart_stable_after.count());
}

PoolSettings read_settings(std::istream& in) {
  PoolSettings s{.workers = 0, .drain_timeout = {}};
  std::int64_t drain = 0, ready = 0, min = 0, max = 0, stable = 0;
  in >> s.workers >> drain >> ready >> min >> max >> stable;
  s.drain_timeout = milliseconds(drain);
  s.ready_timeout = milliseconds(ready);
  s.restart_delay_min = milliseconds(min);
  s.restart_delay_max = milliseconds(max);
  s.restart_stable_after = milliseconds(stable);
  for (const std::int64_t wait : {drain, ready, min, max, stable}) {
    if (wait < 0 || wait > kHandedWaitMax.count()) in.setstate(std::ios::failbit);
  }
  if (min == 0) in.setstate(std::ios::failbit);  // it is doubled until it reaches the longest
  if (s.workers == 0 || s.workers > limits::kWorkersMax) in.setstate(std::ios::failbit);
  return s;
}

// A number that must be below a bound.
template <class Number>
Number bounded(std::istream& in, std::uint64_t bound) {
  std::uint64_t value = 0;
  if (in >> value && value >= bound) in.setstate(std::ios::failbit);
  return static_cast<Number>(value);
}

void read_slot(std::istream& in, PoolState& pool) {
  PoolSlot slot;
  slot.state = bounded<SlotState>(in, kSlotStates);
  in >> slot.generation >> slot.pid;
  slot.deadline = optional_time(read_time(in));
  slot.ready_since = optional_time(read_time(in));
  in >> slot.failures >> slot.restarts >> slot.beat >> slot.silence;
  slot.doubt = bounded<Doubt>(in, 3);
  slot.answer = bounded<Answer>(in, 4);
  pool.slots.push_back(slot);
  if (pool.slots.size() > limits::kSlotsMax) in.setstate(std::ios::failbit);
}

void read_generation(std::istream& in, PoolState& pool) {
  Generation generation{.number = 0, .settings = pool.settings, .role = Role::serving};
  std::int64_t failed = -1;
  in >> generation.number;
  generation.role = bounded<Role>(in, 3);
  in >> failed;
  generation.settings = read_settings(in);
  if (failed >= 0) generation.failed = static_cast<std::size_t>(failed);
  pool.generations.push_back(generation);
}

void read_given(std::istream& in, Handover& h) {
  Handover::GivenGeneration given{
      .number = 0, .adjustable = {.pool = h.pool.settings}, .values_fd = -1, .keys_fd = -1};
  in >> given.number >> given.values_fd >> given.keys_fd;
  Adjustable& adjustable = given.adjustable;
  in >> adjustable.retire_at.requests >> adjustable.retire_at.rss_bytes;
  adjustable.drain_delay = milliseconds(bounded<std::int64_t>(in, kHandedWaitMax.count()));
  adjustable.cpu_affinity = bounded<int>(in, 2) == 1;
  adjustable.log_level = bounded<LogLevel>(in, 4);
  adjustable.log_format = bounded<LogFormat>(in, 3);
  adjustable.pool = read_settings(in);
  h.generations.push_back(given);
}

std::string rest_of_line(std::istream& in) {
  std::string text;
  in.ignore(1);
  if (!std::getline(in, text)) in.clear(std::ios::eofbit);  // it may be empty
  return text;
}

// One line by its first word; false when it is unknown.
bool read_line(const std::string& word, std::istream& in, Handover& h) {
  if (word == "settings") {
    h.pool.settings = read_settings(in);
  } else if (word == "wanted") {
    h.pool.wanted = read_settings(in);
  } else if (word == "slot") {
    read_slot(in, h.pool);
  } else if (word == "generation") {
    read_generation(in, h.pool);
  } else if (word == "newest") {
    in >> h.pool.newest;
  } else if (word == "retirement") {
    PoolState::Retirement retirement{};
    in >> retirement.retiring >> retirement.successor >> retirement.handed_over >> retirement.failed;
    h.pool.retirement = retirement;
  } else if (word == "retire_not_before") {
    h.pool.retire_not_before = time_of(read_time(in));
  } else if (word == "given") {
    read_given(in, h);
  } else if (word == "listen") {
    in >> h.listen_fd;
    h.listen_path = rest_of_line(in);
  } else if (word == "listen_tcp") {
    in >> h.tcp_listen_fd;
    h.tcp_address = rest_of_line(in);
    if (h.tcp_listen_fd < 0 || h.tcp_address.empty()) return false;
  } else if (word == "control") {
    in >> h.control_fd;
    h.control_path = rest_of_line(in);
  } else if (word == "metrics") {
    in >> h.metrics_fd;
  } else if (word == "channel") {
    Handover::Channel channel{};
    in >> channel.slot >> channel.fd;
    h.channels.push_back(channel);
  } else if (word == "waiter") {
    Control::Waiter waiter{};
    in >> waiter.fd >> waiter.generation;
    h.waiters.push_back(waiter);
  } else {
    return false;
  }
  return !in.fail() && in.peek() == std::istream::traits_type::eof();
}

bool has_process(SlotState state) {
  switch (state) {
    case SlotState::starting:
    case SlotState::doubtful:
    case SlotState::ready:
    case SlotState::draining:
    case SlotState::overdue:
    case SlotState::doomed:
      return true;
    case SlotState::empty:
    case SlotState::spawning:
    case SlotState::cancelled:
    case SlotState::waiting:
    case SlotState::refused:
      return false;
  }
  std::unreachable();
}

// What the pool takes for granted: one generation serves, one comes at most, each has no more slots than its
// workers and a successor, and a slot has a process where its state says so.
bool is_possible(const PoolState& pool) {
  const auto& generations = pool.generations;
  if (generations.size() > limits::kGenerationsMax ||
      std::ranges::count(generations, Role::serving, &Generation::role) != 1 ||
      std::ranges::count(generations, Role::incoming, &Generation::role) > 1)
    return false;
  for (const Generation& generation : generations) {
    const auto slots = std::ranges::count_if(pool.slots, [&](const PoolSlot& slot) {
      return slot.state != SlotState::empty && slot.generation == generation.number;
    });
    if (std::ranges::count(generations, generation.number, &Generation::number) != 1 ||
        generation.number == 0 || generation.number > pool.newest ||
        static_cast<std::size_t>(slots) > generation.settings.workers + 1 ||
        generation.failed.value_or(0) >= pool.slots.size())
      return false;
  }
  return std::ranges::all_of(pool.slots, [&](const PoolSlot& slot) {
    const bool known =
        std::ranges::find(generations, slot.generation, &Generation::number) != generations.end();
    return (known || slot.state == SlotState::empty) &&
           (has_process(slot.state) ? slot.pid > 0 : slot.pid == 0);
  });
}

// Every generation that has workers, or that waits, has what they are given.
bool has_what_it_gives(const Handover& h) {
  std::vector<std::uint64_t> numbers;
  for (const Generation& generation : h.pool.generations) numbers.push_back(generation.number);
  if (h.pool.wanted) numbers.push_back(h.pool.newest + 1);
  return std::ranges::all_of(h.generations,
                             [](const auto& g) { return g.values_fd >= 0 && g.keys_fd >= 0; }) &&
         std::ranges::all_of(numbers, [&](std::uint64_t number) {
           return std::ranges::count(h.generations, number, &Handover::GivenGeneration::number) == 1;
         });
}

bool is_whole(const Handover& h) {
  const std::size_t slots = h.pool.slots.size();
  for (const auto& waiter : h.waiters) {
    if (waiter.fd < 0) return false;
  }
  for (const auto& channel : h.channels) {
    if (channel.slot >= slots || channel.fd < 0) return false;
  }
  const auto& retirement = h.pool.retirement;
  if (retirement && (retirement->retiring >= slots || retirement->successor >= slots)) return false;
  return h.pool.settings.workers > 0 && is_possible(h.pool) && has_what_it_gives(h) && h.listen_fd >= 0 &&
         h.metrics_fd >= 0;
}

}  // namespace

std::string encode(const Handover& h) {
  std::string text = fmt::format("tasklane-master-state {}\n", kHandoverVersion);
  const auto line = [&](std::string_view name, const auto&... values) {
    text += name;
    ((text += fmt::format(" {}", values)), ...);
    text += '\n';
  };
  const PoolState& pool = h.pool;
  line("settings", settings_text(pool.settings));
  line("newest", pool.newest);
  if (pool.wanted) line("wanted", settings_text(*pool.wanted));
  for (const PoolSlot& s : pool.slots) {
    line("slot", static_cast<int>(s.state), s.generation, s.pid, number(s.deadline), number(s.ready_since),
         s.failures, s.restarts, s.beat, s.silence, static_cast<int>(s.doubt), static_cast<int>(s.answer));
  }
  for (const Generation& g : pool.generations) {
    const std::int64_t failed = g.failed ? static_cast<std::int64_t>(*g.failed) : -1;
    line("generation", g.number, static_cast<int>(g.role), failed, settings_text(g.settings));
  }
  if (const auto& r = pool.retirement)
    line("retirement", r->retiring, r->successor, r->handed_over ? 1 : 0, r->failed ? 1 : 0);
  line("retire_not_before", number(pool.retire_not_before));
  for (const auto& g : h.generations) {
    const Adjustable& a = g.adjustable;
    line("given", g.number, g.values_fd, g.keys_fd, a.retire_at.requests, a.retire_at.rss_bytes,
         a.drain_delay.count(), a.cpu_affinity ? 1 : 0, static_cast<int>(a.log_level),
         static_cast<int>(a.log_format), settings_text(a.pool));
  }
  line("listen", h.listen_fd, h.listen_path);
  if (h.tcp_listen_fd >= 0) line("listen_tcp", h.tcp_listen_fd, h.tcp_address);
  if (h.control_fd >= 0) line("control", h.control_fd, h.control_path);
  line("metrics", h.metrics_fd);
  for (const auto& channel : h.channels) line("channel", channel.slot, channel.fd);
  for (const auto& waiter : h.waiters) line("waiter", waiter.fd, waiter.generation);
  return text + "end\n";
}

std::expected<Handover, std::string> decode(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string line;
  std::getline(lines, line);
  if (line != fmt::format("tasklane-master-state {}", kHandoverVersion))
    return std::unexpected("the state of another version of the master");
  Handover handover;
  while (std::getline(lines, line) && line != "end") {
    std::istringstream in(line);
    std::string word;
    in >> word;
    if (!read_line(word, in, handover)) return std::unexpected(fmt::format("bad line of state: {}", word));
  }
  if (line != "end" || !is_whole(handover)) return std::unexpected("the state is not whole");
  return handover;
}

std::vector<int> Handover::descriptors() const {
  std::vector<int> numbers = {listen_fd, metrics_fd};
  if (control_fd >= 0) numbers.push_back(control_fd);
  if (tcp_listen_fd >= 0) numbers.push_back(tcp_listen_fd);
  for (const auto& given : generations) numbers.insert(numbers.end(), {given.values_fd, given.keys_fd});
  for (const auto& channel : channels) numbers.push_back(channel.fd);
  for (const auto& waiter : waiters) numbers.push_back(waiter.fd);
  return numbers;
}

Descriptor write_state(std::string_view text) {
  Descriptor fd(::memfd_create("tasklane-state", MFD_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::system_error(errno, std::generic_category(), "state: memfd");
  return fd;
}

std::expected<Handover, std::string> read_state(int fd) {
  std::string text(limits::kMasterStateMaxBytes, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  if (count < 0) return std::unexpected("the state cannot be read");
  text.resize(static_cast<std::size_t>(count));
  return decode(text);
}

}  // namespace tasklane
