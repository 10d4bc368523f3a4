#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/utf8.h"

namespace tasklane::log {

namespace {

struct State {
  std::string process = "tasklane";
  LogLevel level = LogLevel::info;
  bool text = true;
  bool journal = false;
  std::int64_t lost = 0;  // lines, since the last one that could be written
};

State& state() {
  static State instance;
  return instance;
}

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};

// By level: syslog(3)'s numbers as sd-daemon(3) writes them.
constexpr std::array<std::string_view, 4> kPriorities = {"<7>", "<6>", "<4>", "<3>"};

constexpr std::size_t kLogLineMaxBytes = 4096;
static_assert(kLogLineMaxBytes <= PIPE_BUF);

// Where a line's text ends: a closing quote, a brace and the line feed still fit behind it.
constexpr std::size_t kTextEnd = kLogLineMaxBytes - 3;

// JSON's escapes, for text lines too: they keep an event on its line. Cut where the line is full.
void append_escaped(fmt::memory_buffer& line, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    fmt::memory_buffer piece;
    if (length == 0) {
      piece.append(std::string_view("\\ufffd"));
    } else if (lead < 0x20 || lead == 0x7f) {
      fmt::format_to(std::back_inserter(piece), "\\u{:04x}", lead);
    } else {
      if (lead == '"' || lead == '\\') piece.push_back('\\');
      piece.append(text.substr(0, length));
    }
    if (line.size() + piece.size() > kTextEnd) return;
    line.append(piece.data(), piece.data() + piece.size());
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void append(fmt::memory_buffer& line, std::string_view text) {
  line.append(text);
}

void append_quoted(fmt::memory_buffer& line, std::string_view text) {
  line.push_back('"');
  append_escaped(line, text);
  line.push_back('"');
}

// A field whose name or number does not fit any more is left out.
void append_field(fmt::memory_buffer& line, std::string_view form, const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text != nullptr && text->empty()) return;
  const std::size_t before = line.size();
  fmt::format_to(std::back_inserter(line), fmt::runtime(form), field.name);
  if (line.size() >= kTextEnd) return line.resize(before);
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    fmt::format_to(std::back_inserter(line), "{}", *number);
  } else {
    append_quoted(line, *text);
  }
  if (line.size() > kTextEnd + 1) line.resize(before);
}

std::string now() {
  const auto time = std::chrono::system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     milliseconds);
}

// JOURNAL_STREAM is "DEVICE:INODE" of the journal's socket (systemd.exec(5)); stderr may have been sent
// elsewhere.
bool stderr_is_the_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
         fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

// The log must not stop the work. A line of at most PIPE_BUF bytes does not block where poll(2) reports room
// (pipe(7)); where nobody reads, it is lost and counted, and the first line that can be written again tells.
void write_or_lose(const fmt::memory_buffer& line) {
  pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) != 1) {
    ++state().lost;
    return;
  }
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  if (const std::int64_t lost = std::exchange(state().lost, 0); lost > 0)
    warning("log lines were lost: nobody read them", {{"lines", lost}});
}

void write_line(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < state().level) return;
  const auto& name = kLevels[static_cast<std::size_t>(level)];
  fmt::memory_buffer line;
  if (state().journal) append(line, kPriorities[static_cast<std::size_t>(level)]);
  if (state().text) {
    fmt::format_to(std::back_inserter(line), "{} {:7} {}[{}] ", now(), name, state().process, ::getpid());
    append_escaped(line, message);
    for (const Field& field : fields) append_field(line, " {}=", field);
  } else {
    fmt::format_to(std::back_inserter(line),
                   R"({{"time":"{}","level":"{}","process":"{}","pid":{},"message":)", now(), name,
                   state().process, ::getpid());
    append_quoted(line, message);
    for (const Field& field : fields) append_field(line, ",\"{}\":", field);
    append(line, "}");
  }
  line.push_back('\n');
  write_or_lose(line);
}

}  // namespace

void set_up(std::string_view process, LogLevel level, LogFormat format) {
  state().process = process;
  state().level = level;
  state().text =
      format == LogFormat::text || (format == LogFormat::automatic && ::isatty(STDERR_FILENO) == 1);
  state().journal = stderr_is_the_journal();
}

void debug(std::string_view message, std::initializer_list<Field> fields) {
  write_line(LogLevel::debug, message, fields);
}
void info(std::string_view message, std::initializer_list<Field> fields) {
  write_line(LogLevel::info, message, fields);
}
void warning(std::string_view message, std::initializer_list<Field> fields) {
  write_line(LogLevel::warning, message, fields);
}
void error(std::string_view message, std::initializer_list<Field> fields) {
  write_line(LogLevel::error, message, fields);
}

}  // namespace tasklane::log
