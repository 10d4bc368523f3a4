#include "base/env_file.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace tasklane;

namespace {

EnvValues parsed(std::string_view text) {
  auto values = parse_env(text);
  BOOST_REQUIRE_MESSAGE(values.has_value(), (values ? "" : values.error().front()));
  return *values;
}

std::string value_of(std::string_view line) {
  const auto values = parsed(line);
  BOOST_REQUIRE_EQUAL(values.size(), 1U);
  BOOST_TEST(values[0].first == "NAME");
  return values[0].second;
}

struct TemporaryFile {
  std::string folder = std::filesystem::temp_directory_path() / "tasklane-env-XXXXXX";
  std::string path;
  TemporaryFile(std::string_view text, mode_t mode) {
    BOOST_REQUIRE(::mkdtemp(folder.data()) != nullptr);
    path = folder + "/.env";
    std::ofstream(path) << text;
    BOOST_REQUIRE_EQUAL(::chmod(path.c_str(), mode), 0);
  }
  ~TemporaryFile() { std::filesystem::remove_all(folder); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(env_file)

BOOST_AUTO_TEST_CASE(reads_names_and_values_in_their_order) {
  const EnvValues expected = {{"A", "1"}, {"B_2", "two"}, {"_c", ""}};
  BOOST_CHECK(parsed("A=1\nB_2=two\n_c=") == expected);
}

BOOST_AUTO_TEST_CASE(passes_over_comments_and_empty_lines) {
  const EnvValues expected = {{"A", "1"}};
  BOOST_CHECK(parsed("# first\n\n   \n  # indented\nA=1\n#B=2\n") == expected);
  BOOST_CHECK(parsed("").empty());
}

BOOST_AUTO_TEST_CASE(takes_an_export_in_front_of_a_name) {
  BOOST_TEST(value_of("export NAME=v") == "v");
}

BOOST_AUTO_TEST_CASE(takes_the_line_ends_of_another_system) {
  const EnvValues expected = {{"A", "1"}, {"B", "two words"}};
  BOOST_CHECK(parsed("A=1\r\nB=\"two words\"\r\n") == expected);
}

BOOST_AUTO_TEST_CASE(begins_behind_a_byte_order_mark) {
  const EnvValues expected = {{"A", "1"}, {"B", "\xEF\xBB\xBF"}};
  BOOST_CHECK(parsed("\xEF\xBB\xBF"
                     "A=1\r\nB='\xEF\xBB\xBF'") == expected);
  BOOST_CHECK(parsed("\xEF\xBB\xBF# comment\n").empty());
  BOOST_CHECK(!parse_env("A=1\n\xEF\xBB\xBF"
                         "B=2\n")
                   .has_value());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_utf_8_by_its_line_but_in_comments) {
  const auto values = parse_env("# caf\xE9\nA='caf\xC3\xA9'\nB='hunter2 caf\xE9'\n");
  BOOST_REQUIRE(!values.has_value());
  BOOST_REQUIRE_EQUAL(values.error().size(), 1U);
  BOOST_TEST(values.error()[0] == "line 3: is not UTF-8");
}

BOOST_AUTO_TEST_CASE(trims_a_bare_value_and_ends_it_at_a_comment) {
  BOOST_TEST(value_of("NAME =  a b  ") == "a b");
  BOOST_TEST(value_of("NAME=value # why") == "value");
  BOOST_TEST(value_of("NAME=# nothing") == "");
}

BOOST_AUTO_TEST_CASE(keeps_a_hash_or_an_equals_sign_inside_a_bare_value) {
  BOOST_TEST(value_of("NAME=pa#ss=word#") == "pa#ss=word#");
  BOOST_TEST(value_of("NAME=postgresql://u:p@h/d?sslmode=require") == "postgresql://u:p@h/d?sslmode=require");
}

BOOST_AUTO_TEST_CASE(takes_a_single_quoted_value_literally) {
  BOOST_TEST(value_of(R"(NAME=' a "b" \n $c # d ')") == R"( a "b" \n $c # d )");
}

BOOST_AUTO_TEST_CASE(resolves_the_escapes_of_a_double_quoted_value) {
  BOOST_TEST(value_of(R"(NAME="a\nb \"c\" \\ \$d \x" # tail)") == "a\nb \"c\" \\ $d \\x");
}

BOOST_AUTO_TEST_CASE(expands_nothing) {
  BOOST_TEST(value_of("NAME=$HOME") == "$HOME");
  BOOST_TEST(value_of("NAME=\"${HOME}\"") == "${HOME}");
}

BOOST_AUTO_TEST_CASE(reports_every_bad_line_by_its_number_without_its_content) {
  const auto values = parse_env(
      "GOOD=1\nhunter2\n9NAME=hunter2\nA-B=hunter2\nQUOTED=\"hunter2\nTAIL='hunter2' hunter2\n=hunter2\n");
  BOOST_REQUIRE(!values.has_value());
  const std::vector<std::string> expected = {
      "line 2: expected NAME=value",
      "line 3: expected NAME=value",
      "line 4: expected NAME=value",
      "line 5: QUOTED has a quote that does not end the value",
      "line 6: TAIL has a quote that does not end the value",
      "line 7: expected NAME=value",
  };
  BOOST_TEST(values.error() == expected, boost::test_tools::per_element());
}

// They would pass for the end of a text, or reach nginx's configuration and the log unseen.
BOOST_AUTO_TEST_CASE(refuses_control_characters_by_the_line_they_stand_in) {
  for (const char control : {'\0', '\1', '\b', '\v', '\f', '\r', '\x1b', '\x7f'}) {
    for (const char* form : {"NAME=hun@ter2", "NAME='hun@ter2'", "NAME=\"hun@ter2\"", "NA@ME=hunter2"}) {
      std::string line = form;
      line[line.find('@')] = control;
      const auto values = parse_env("GOOD=1\n" + line + "\nALSO=2\n");
      BOOST_REQUIRE(!values.has_value());
      BOOST_REQUIRE_EQUAL(values.error().size(), 1U);
      BOOST_TEST(values.error()[0].starts_with("line 2: "), values.error()[0]);
      BOOST_TEST(!values.error()[0].contains("ter2"), values.error()[0]);
    }
  }
  BOOST_TEST(value_of("NAME='a\tb'") == "a\tb");
}

BOOST_AUTO_TEST_CASE(reads_a_file_that_only_its_owner_or_group_can_read) {
  for (const mode_t mode : {0600U, 0640U, 0400U}) {
    const TemporaryFile file("A=1\n", mode);
    const auto values = read_env_file(file.path, true);
    BOOST_REQUIRE(values.has_value());
    BOOST_TEST(values->size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_file_that_others_can_read_or_write) {
  for (const mode_t mode : {0604U, 0602U, 0644U, 0601U}) {
    const TemporaryFile file("SECRET=hunter2\n", mode);
    const auto values = read_env_file(file.path, false);
    BOOST_REQUIRE(!values.has_value());
    BOOST_REQUIRE_EQUAL(values.error().size(), 1U);
    BOOST_TEST(values.error()[0].starts_with(file.path + ": has mode 06"));
    BOOST_TEST(values.error()[0].find("hunter2") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(names_the_file_in_front_of_a_bad_line) {
  const TemporaryFile file("A=1\noops\n", 0600);
  const auto values = read_env_file(file.path, true);
  BOOST_REQUIRE(!values.has_value());
  BOOST_TEST(values.error()[0] == file.path + ": line 2: expected NAME=value");
}

BOOST_AUTO_TEST_CASE(misses_a_file_only_when_it_is_required) {
  const TemporaryFile file("", 0600);
  const std::string missing = file.folder + "/missing";
  const auto optional = read_env_file(missing, false);
  BOOST_REQUIRE(optional.has_value());
  BOOST_TEST(optional->empty());
  const auto required = read_env_file(missing, true);
  BOOST_REQUIRE(!required.has_value());
  BOOST_TEST(required.error()[0] == missing + ": No such file or directory");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_regular_file_or_too_large) {
  const TemporaryFile file(std::string(64 * 1024 + 1, '#'), 0600);
  const auto folder = read_env_file(file.folder, true);
  BOOST_REQUIRE(!folder.has_value());
  BOOST_TEST(folder.error()[0].ends_with("is not a regular file"));
  const auto large = read_env_file(file.path, true);
  BOOST_REQUIRE(!large.has_value());
  BOOST_TEST(large.error()[0].ends_with("is larger than 64 KiB"));
}

BOOST_AUTO_TEST_SUITE_END()
