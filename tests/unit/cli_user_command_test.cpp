// `tasklane user`: what it refuses before it asks anything, and the audit trail's lines.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "cli/audit.h"
#include "cli/user_command.h"
#include "json/json_reader.h"

using namespace tasklane;

namespace {

int run(std::vector<std::string_view> words) {
  return user_command(words);
}

std::string member(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr ? "" : *value->string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_user_command)

BOOST_AUTO_TEST_CASE(wrong_usage_is_told_before_anything_is_asked) {
  BOOST_TEST(run({}) == kExitUsage);
  BOOST_TEST(run({"bless", "u"}) == kExitUsage);
  BOOST_TEST(run({"block"}) == kExitUsage);
  BOOST_TEST(run({"block", ""}) == kExitUsage);
  BOOST_TEST(run({"list", "u"}) == kExitUsage);
  BOOST_TEST(run({"block", "u", "v"}) == kExitUsage);
  BOOST_TEST(run({"list", "--limit", "0"}) == kExitUsage);
  BOOST_TEST(run({"list", "--limit", "1001"}) == kExitUsage);
  BOOST_TEST(run({"list", "--limit=many"}) == kExitUsage);
  BOOST_TEST(run({"list", "--unknown"}) == kExitUsage);
  const std::string too_long(256, 'u');
  BOOST_TEST(run({"block", too_long}) == kExitUsage);
  BOOST_TEST(run({"--help"}) == kExitOk);
}

BOOST_AUTO_TEST_CASE(the_audit_trail_says_who_did_what_to_whom_and_from_where) {
  ::setenv("SUDO_USER", "alice", 1);
  ::setenv("SSH_CONNECTION", "203.0.113.7 50022 192.0.2.1 22", 1);
  const std::string text = audit_line("user_blocked", "u \"1\"\n", {{"tasks", "3"}});
  BOOST_TEST(!text.contains('\n'));
  const auto line = parse_json(text);
  BOOST_REQUIRE(line);
  BOOST_TEST(member(*line, "audit") == "user_blocked");
  BOOST_TEST(member(*line, "user") == "u \"1\"\n");
  BOOST_TEST(member(*line, "by") == "alice");
  BOOST_TEST(member(*line, "from") == "203.0.113.7");
  BOOST_TEST(member(*line, "tasks") == "3");
  BOOST_TEST(member(*line, "time").size() == std::string_view("2026-03-01T09:30:00.123Z").size());
  ::unsetenv("SUDO_USER");
  ::unsetenv("SSH_CONNECTION");
  const auto local = parse_json(audit_line("user_blocked", "u"));
  BOOST_TEST(member(*local, "from") == "local");
  BOOST_TEST(!member(*local, "by").empty());
}

BOOST_AUTO_TEST_SUITE_END()
