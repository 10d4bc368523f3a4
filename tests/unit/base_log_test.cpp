#include "base/log.h"

#include <fcntl.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <stdlib.h>  // setenv
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <climits>
#include <limits>
#include <random>
#include <string>

#include "base/descriptors.h"

using namespace tasklane;

namespace {

// What `write` puts on stderr.
template <class Write>
std::string captured(Write write) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Descriptor reader(ends[0]);
  {
    const Descriptor writer(ends[1]);
    const Descriptor before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
    ::dup2(writer.get(), STDERR_FILENO);
    write();
    ::dup2(before.get(), STDERR_FILENO);
  }
  std::string text(1 << 20, '\0');
  const ssize_t count = ::read(reader.get(), text.data(), text.size());
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

void check_one_valid_line(const std::string& line) {
  BOOST_REQUIRE(!line.empty());
  BOOST_TEST(line.size() <= static_cast<std::size_t>(PIPE_BUF));
  BOOST_TEST(std::ranges::count(line, '\n') == 1);
  BOOST_TEST(line.back() == '\n');
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size() - 1);
  BOOST_TEST(!document.HasParseError(), rapidjson::GetParseError_En(document.GetParseError())
                                            << ": " << line);
  BOOST_TEST(document.IsObject());
}

std::string hostile_text(std::mt19937& random) {
  static const std::array<std::string, 12> kPieces = {
      "plain ",   "\"",   "\\",   "\n",           std::string(1, '\0'),
      "\x1b[2J",  "\xff", "\xc3", "\xed\xa0\x80", "\xf0\x9f\x98\x80",
      "\xe2\x82", "{}%s"};
  std::string text;
  const auto length = random() % 40 == 0 ? 3000U : random() % 30;
  for (unsigned i = 0; i < length; ++i) text += kPieces[random() % kPieces.size()];
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(writes_one_json_object_with_its_fields) {
  log::set_up("tester", LogLevel::info, LogFormat::json);
  const std::string line = captured([] {
    log::warning("worker exited",
                 {{"signal", "SIGKILL"}, {"slot", 3}, {"min", std::numeric_limits<std::int64_t>::min()}});
  });
  check_one_valid_line(line);
  rapidjson::Document document;
  document.Parse(line.c_str());
  BOOST_TEST(document["level"].GetString() == std::string("warning"));
  BOOST_TEST(document["process"].GetString() == std::string("tester"));
  BOOST_TEST(document["pid"].GetInt() == ::getpid());
  BOOST_TEST(document["message"].GetString() == std::string("worker exited"));
  BOOST_TEST(document["signal"].GetString() == std::string("SIGKILL"));
  BOOST_TEST(document["slot"].GetInt() == 3);
  const std::string time = document["time"].GetString();
  BOOST_TEST(time.size() == 24U);
  BOOST_TEST(time[10] == 'T');
  BOOST_TEST(time.back() == 'Z');
}

BOOST_AUTO_TEST_CASE(stays_one_valid_json_line_whatever_the_values_are) {
  log::set_up("tester", LogLevel::info, LogFormat::json);
  std::mt19937 random(20240229);
  for (int i = 0; i < 2'000; ++i) {
    const std::string message = hostile_text(random), first = hostile_text(random),
                      second = hostile_text(random);
    check_one_valid_line(captured([&] {
      log::info(message,
                {{"first", first}, {"number", static_cast<std::int64_t>(random())}, {"second", second}});
    }));
  }
}

BOOST_AUTO_TEST_CASE(cuts_a_line_at_what_a_pipe_takes_at_once_and_keeps_it_valid) {
  log::set_up("tester", LogLevel::info, LogFormat::json);
  // Every length around the limit, so that each part of a line is cut once.
  for (std::size_t length = PIPE_BUF - 300; length < PIPE_BUF + 20; ++length) {
    const std::string value(length, 'v');
    check_one_valid_line(captured([&] {
      log::info("cut", {{"a", value}, {"number", 123'456}, {"b", "\"\""}});
    }));
    check_one_valid_line(captured([&] { log::info(value, {{"a", "\n"}, {"number", 7}}); }));
  }
}

BOOST_AUTO_TEST_CASE(writes_readable_text_on_one_line_too) {
  log::set_up("tester", LogLevel::info, LogFormat::text);
  const std::string line = captured([] { log::error("first\nsecond", {{"path", "/a b"}, {"n", 1}}); });
  BOOST_TEST(std::ranges::count(line, '\n') == 1);
  BOOST_TEST(line.find("error") != std::string::npos);
  BOOST_TEST(line.find("first\\u000asecond path=\"/a b\" n=1\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(chooses_json_by_itself_where_stderr_is_no_terminal) {
  const std::string line = captured([] {
    log::set_up("tester", LogLevel::info, LogFormat::automatic);
    log::info("hello");
  });
  BOOST_TEST(line.starts_with("{"));
}

BOOST_AUTO_TEST_CASE(leaves_out_a_text_that_is_empty) {
  log::set_up("tester", LogLevel::info, LogFormat::json);
  const std::string line = captured([] {
    log::info("hello", {{"request_id", "r"}, {"trace_id", ""}, {"n", 0}});
  });
  BOOST_TEST(line.ends_with(R"("message":"hello","request_id":"r","n":0})"
                            "\n"),
             line);
}

BOOST_AUTO_TEST_CASE(begins_with_the_priority_where_stderr_is_the_journal) {
  std::string named;
  const std::string lines = captured([&] {
    struct stat status {};
    ::fstat(STDERR_FILENO, &status);
    named = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    ::setenv("JOURNAL_STREAM", named.c_str(), 1);
    log::set_up("tester", LogLevel::debug, LogFormat::json);
    log::debug("d"), log::info("i"), log::warning("w"), log::error("e");
  });
  for (const auto* begin : {"<7>{", "\n<6>{", "\n<4>{", "\n<3>{"})
    BOOST_TEST(lines.find(begin) != lines.npos, lines);
  // Set by systemd, but stderr has been sent elsewhere since.
  const std::string elsewhere = captured([] {
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    log::set_up("tester", LogLevel::debug, LogFormat::json);
    log::info("i");
  });
  ::unsetenv("JOURNAL_STREAM");
  log::set_up("tester", LogLevel::info, LogFormat::json);
  BOOST_TEST(elsewhere.starts_with("{"), elsewhere);
}

BOOST_AUTO_TEST_CASE(a_log_that_nobody_reads_loses_lines_and_says_so_later) {
  log::set_up("worker", LogLevel::info, LogFormat::json);
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);  // blocking, as a supervisor's is
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  const Descriptor before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
  std::string text(1 << 20, '\0');
  ::dup2(writer.get(), STDERR_FILENO);
  for (int i = 0; i < 100; ++i) log::info(std::string(3000, 'x'));  // a pipe holds 64 KiB
  const ssize_t held = ::read(reader.get(), text.data(), text.size());
  const auto lost = 100 - std::count(text.begin(), text.begin() + held, '\n');
  log::info("read again");
  ::dup2(before.get(), STDERR_FILENO);
  const ssize_t count = ::read(reader.get(), text.data(), text.size());
  BOOST_TEST((lost > 0 && lost < 100), lost);
  BOOST_REQUIRE(count > 0);
  text.resize(static_cast<std::size_t>(count));
  const auto second = text.find('\n') + 1;
  BOOST_TEST(text.find("\"message\":\"read again\"") < second);
  BOOST_TEST(
      text.ends_with("\"log lines were lost: nobody read them\",\"lines\":" + std::to_string(lost) + "}\n"));
  check_one_valid_line(text.substr(second));
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_below_its_level) {
  log::set_up("tester", LogLevel::warning, LogFormat::json);
  BOOST_TEST(captured([] {
               log::debug("no");
               log::info("no");
             }).empty());
  BOOST_TEST(!captured([] { log::warning("yes"); }).empty());
  BOOST_TEST(!captured([] { log::error("yes"); }).empty());
}

BOOST_AUTO_TEST_SUITE_END()
