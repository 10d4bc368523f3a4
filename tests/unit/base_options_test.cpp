// The option parser of the programs.

#include "base/options.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "base/exit_codes.h"

using namespace tasklane;

namespace {

constexpr std::array kKnown = {Option{"sql", "DIR", "a folder"}, Option{"db", "", "a flag"}, kEnvFileOption};

std::expected<Options, std::string> parse(const std::vector<std::string_view>& words) {
  return parse_options(kKnown, words);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(a_value_follows_its_option_or_an_equals_sign) {
  for (const std::vector<std::string_view>& words :
       {std::vector<std::string_view>{"--sql", "a b"}, std::vector<std::string_view>{"--sql=a b"}}) {
    const auto options = parse(words);
    BOOST_REQUIRE(options);
    BOOST_TEST(options->value("sql") == "a b");
    BOOST_TEST(!options->has("db"));
  }
  BOOST_TEST(parse({"--sql=a=b"})->value("sql") == "a=b");
  BOOST_TEST(parse({"--sql", "--db"})->value("sql") == "--db");  // as getopt_long(3) has it
}

BOOST_AUTO_TEST_CASE(the_last_of_repeated_options_wins) {
  BOOST_TEST(parse({"--sql", "a", "--db", "--sql", "b"})->value("sql") == "b");
}

BOOST_AUTO_TEST_CASE(what_is_not_given_is_otherwise) {
  const auto options = parse({});
  BOOST_REQUIRE(options);
  BOOST_TEST(!options->has("sql"));
  BOOST_TEST(options->value("sql", "here") == "here");
}

BOOST_AUTO_TEST_CASE(help_is_always_known) {
  BOOST_TEST(parse({"--help"})->has("help"));
}

BOOST_AUTO_TEST_CASE(names_the_option_that_is_wrong_and_never_repeats_a_value) {
  BOOST_TEST(parse({"--nope=s3cret"}).error() == "there is no option --nope");
  BOOST_TEST(parse({"--db", "s3cret"}).error() == "argument 2 is no option: options begin with --");
  BOOST_TEST(parse({"--"}).error() == "argument 1 is no option: options begin with --");
  BOOST_TEST(parse({"-h"}).error() == "argument 1 is no option: options begin with --");
  BOOST_TEST(parse({"--sql"}).error() == "--sql needs a value: DIR");
  BOOST_TEST(parse({"--sql="}).error() == "--sql has an empty value");
  BOOST_TEST(parse({"--db=yes"}).error() == "--db takes no value");
}

BOOST_AUTO_TEST_CASE(a_program_answers_help_and_version_and_refuses_the_rest) {
  const auto status = [](std::initializer_list<std::string_view> words) {
    const std::vector<std::string_view> all(words);
    const auto options = read_program_options("name", "usage: name\n", kKnown, all);
    return options ? -1 : options.error();
  };
  BOOST_TEST(status({"--help"}) == kExitOk);
  BOOST_TEST(status({"--version"}) == kExitOk);
  BOOST_TEST(status({"--sql", "a", "--db"}) == -1);
  BOOST_TEST(status({"--nope"}) == kExitUsage);
  BOOST_TEST(status({"word"}) == kExitUsage);
}

BOOST_AUTO_TEST_CASE(a_named_configuration_file_must_be_there) {
  BOOST_TEST(!config_source(*parse({})).env_file_required);
  const auto source = config_source(*parse({"--env-file", "/a b"}));
  BOOST_TEST(source.env_file == "/a b");
  BOOST_TEST(source.env_file_required);
}

BOOST_AUTO_TEST_SUITE_END()
