#include "base/secret.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/config.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

struct Place {
  std::map<std::string, std::string, std::less<>> values;
  std::optional<std::string> operator()(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

struct Fixture {
  TemporaryFolder temporary;
  const std::string& folder = temporary.path();
  Place environment, file;

  std::string make(const std::string& name, std::string_view text, mode_t mode = 0600) const {
    const std::string path = folder + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    BOOST_REQUIRE_EQUAL(::chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string value() const {
    const auto found = find_secret("DATABASE_URL", environment, file);
    BOOST_REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error()));
    return *found;
  }
  std::string mistake() const {
    const auto found = find_secret("DATABASE_URL", environment, file);
    BOOST_REQUIRE_MESSAGE(!found.has_value(), "there is a value");
    BOOST_TEST(found.error().find("hunter2") == std::string::npos);
    return found.error();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(secret, Fixture)

BOOST_AUTO_TEST_CASE(is_empty_when_nobody_gives_it) {
  BOOST_TEST(value().empty());
}

BOOST_AUTO_TEST_CASE(is_read_from_the_file_that_name_file_names) {
  environment.values["DATABASE_URL_FILE"] = make("url", "postgresql://hunter2");
  BOOST_TEST(value() == "postgresql://hunter2");
}

// As editors, Windows and `echo` leave it. frontend/tests/config.test.ts has the same.
BOOST_AUTO_TEST_CASE(has_nothing_of_what_stands_around_it_in_its_file) {
  for (const std::string text : {"two words", "two words\n", "two words\r\n", "\xEF\xBB\xBFtwo words\r\n",
                                 " two words \n\n", "\t two words\t\r\n \r\n", "\xEF\xBB\xBF \ntwo words"}) {
    environment.values["DATABASE_URL_FILE"] = make("url", text);
    BOOST_TEST(value() == "two words", text);
  }
  environment.values["DATABASE_URL_FILE"] = make("url", "\xC3\xA9\t\xF0\x9F\x98\x80\n");
  BOOST_TEST(value() == "\xC3\xA9\t\xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(is_refused_when_the_web_app_would_read_another_one) {
  const std::vector<std::pair<std::string, std::string_view>> cases = {
      {"hunter2\nother\n", "has more than one line"},
      {"hunter2\rother", "has more than one line"},
      {"hunter2\xFF", "is not UTF-8"},
      {"caf\xE9 hunter2", "is not UTF-8"},
      {"hunter2\x1b[0m", "holds a control character"},
      {"\xFF\xFEh\0u\0", "is UTF-16; save it as UTF-8"},
      {"\xFE\xFF\0h", "is UTF-16; save it as UTF-8"},
      {"\xEF\xBB\xBF \r\n", "is empty"}};
  for (const auto& [text, why] : cases) {
    environment.values["DATABASE_URL_FILE"] = make("url", text);
    BOOST_TEST(mistake() == "DATABASE_URL_FILE: " + folder + "/url: " + std::string(why));
  }
}

BOOST_AUTO_TEST_CASE(is_taken_from_environment_then_credential_then_file) {
  file.values["DATABASE_URL"] = "in file";
  BOOST_TEST(value() == "in file");
  environment.values["CREDENTIALS_DIRECTORY"] = folder;
  BOOST_TEST(value() == "in file");
  make("DATABASE_URL", "credential\n");
  BOOST_TEST(value() == "credential");
  environment.values["DATABASE_URL_FILE"] = make("url", "by name");
  BOOST_TEST(value() == "by name");
  environment.values.erase("DATABASE_URL_FILE");
  environment.values["DATABASE_URL"] = "in environment";
  BOOST_TEST(value() == "in environment");
}

BOOST_AUTO_TEST_CASE(that_is_set_and_empty_in_the_environment_is_not_looked_for_any_further) {
  file.values["DATABASE_URL"] = "in file";
  environment.values["DATABASE_URL"] = "";
  BOOST_TEST(value().empty());
}

BOOST_AUTO_TEST_CASE(as_an_empty_credential_is_none) {
  file.values["DATABASE_URL"] = "in file";
  environment.values["CREDENTIALS_DIRECTORY"] = folder;
  make("DATABASE_URL", "");
  BOOST_TEST(value() == "in file");
}

BOOST_AUTO_TEST_CASE(is_refused_when_others_can_read_its_file) {
  for (const mode_t mode : {0604U, 0644U, 0606U}) {
    environment.values["DATABASE_URL_FILE"] = make("url", "hunter2", mode);
    BOOST_TEST(mistake().starts_with("DATABASE_URL_FILE: " + folder + "/url: has mode 06"));
  }
  environment.values.erase("DATABASE_URL_FILE");
  environment.values["CREDENTIALS_DIRECTORY"] = folder;
  make("DATABASE_URL", "hunter2", 0644);
  BOOST_TEST(mistake().starts_with("DATABASE_URL: " + folder));
}

BOOST_AUTO_TEST_CASE(is_refused_when_its_file_is_missing_empty_a_folder_too_large_or_not_text) {
  const auto with = [&](const std::string& path) {
    environment.values["DATABASE_URL_FILE"] = path;
    return mistake();
  };
  BOOST_TEST(with(folder + "/none").ends_with("No such file or directory"));
  BOOST_TEST(with(make("empty", "\n")).ends_with("is empty"));
  BOOST_TEST(with(folder).ends_with("is not a regular file"));
  BOOST_TEST(with(make("large", std::string(16 * 1024 + 1, 'x'))).ends_with("is larger than 16 KiB"));
  BOOST_TEST(with(make("binary", std::string_view("hunter2\0x", 9))).ends_with("holds a NUL byte"));
  BOOST_TEST(with("relative") == "DATABASE_URL_FILE must be an absolute path");
}

BOOST_AUTO_TEST_CASE(is_refused_when_one_place_gives_it_twice) {
  for (Place* place : {&environment, &file}) {
    place->values = {{"DATABASE_URL", "hunter2"}, {"DATABASE_URL_FILE", make("url", "other")}};
    BOOST_TEST(mistake() == "DATABASE_URL_FILE is set beside DATABASE_URL: only one of them can count");
    place->values.clear();
  }
}

BOOST_AUTO_TEST_CASE(that_cannot_be_read_is_one_mistake_among_all_others) {
  const std::string path =
      make(".env", "DATABASE_URL_FILE=" + folder + "/none\nBETTER_AUTH_SECRET_FILE=" + make("key", "short") +
                       "\nWORKERS=0\n");
  const auto config = read_config(ConfigSource{.env_file = path, .env_file_required = true});
  BOOST_REQUIRE(!config.has_value());
  BOOST_REQUIRE_EQUAL(config.error().size(), 3U);
  BOOST_TEST(config.error()[0].starts_with("DATABASE_URL_FILE: "));
  BOOST_TEST(config.error()[1].starts_with("BETTER_AUTH_SECRET has 5 bytes"));
  BOOST_TEST(config.error()[2].starts_with("WORKERS "));
}

BOOST_AUTO_TEST_CASE(reaches_the_configuration) {
  const std::string path = make(".env", "DATABASE_URL_FILE=" + make("url", "postgresql://u:hunter2@h/d\n") +
                                            "\nBETTER_AUTH_SECRET_FILE=" + make("key", std::string(40, 'k')));
  const auto config = read_config(ConfigSource{.env_file = path, .env_file_required = true});
  BOOST_REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().front()));
  BOOST_TEST(config->database_url == "postgresql://u:hunter2@h/d");
  BOOST_TEST(config->database_url_direct == config->database_url);
  BOOST_TEST(config->better_auth_secret == std::string(40, 'k'));
  BOOST_TEST(describe(*config).find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_the_database_is_not_needed_by_who_says_so) {
  const std::string path = make(".env", "SERVER_NAME=tasks.example.com\n");
  const auto config = read_config({.env_file = path, .env_file_required = true, .database_required = false});
  BOOST_REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().front()));
  BOOST_TEST(config->database_url.empty());
  BOOST_TEST(!read_config({.env_file = path, .env_file_required = true}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
