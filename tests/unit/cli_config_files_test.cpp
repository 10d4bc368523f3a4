// Where the operator's command finds the configuration.

#include "cli/config_files.h"

#include <stdlib.h>  // setenv, unsetenv

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "base/config.h"
#include "base/settings.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

struct Installation {
  TemporaryFolder prefix;
  std::string folder = prefix / "etc/tasklane";

  Installation() {
    for (const Setting& setting : settings()) ::unsetenv(std::string(setting.name).c_str());
    ::unsetenv("CREDENTIALS_DIRECTORY");
  }
  void install() const {
    std::filesystem::create_directories(folder + "/credentials");
    put("tasklane.env", "WORKERS=3\n");
    put("credentials/DATABASE_URL", "postgresql://u:p@h/d\n");
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder + "/" + name) << text;
    std::filesystem::permissions(folder + "/" + name, std::filesystem::perms::owner_read);
  }
  ConfigFiles find(const std::string& named = {}) const {
    Options options;
    if (!named.empty()) options.set("env-file", named);
    return find_config_files(options, prefix.path());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(config_files, Installation)

BOOST_AUTO_TEST_CASE(an_installed_command_reads_the_installed_file_and_its_secrets) {
  install();
  const auto config = read_config(find().source);
  BOOST_REQUIRE(config.has_value());
  BOOST_TEST(config->workers == 3);
  BOOST_TEST(config->database_url == "postgresql://u:p@h/d");
  BOOST_TEST(find().closed_credentials.empty());
}

BOOST_AUTO_TEST_CASE(its_secrets_count_when_it_is_named_too) {
  install();
  const auto files = find(folder + "/../tasklane/tasklane.env");
  BOOST_TEST(files.source.env_file_required);
  BOOST_TEST(files.source.credentials_folder == folder + "/credentials");
}

BOOST_AUTO_TEST_CASE(another_instances_file_comes_with_its_own_secrets) {
  install();
  std::filesystem::create_directories(folder + "/staging/credentials");
  put("staging/tasklane.env", "INSTANCE=staging\n");
  put("staging/credentials/DATABASE_URL", "postgresql://u:p@staging/d\n");
  const auto config = read_config(find(folder + "/staging/tasklane.env").source);
  BOOST_REQUIRE(config.has_value());
  BOOST_TEST(config->database_url == "postgresql://u:p@staging/d");
  BOOST_TEST(config->socket_path == "/run/tasklane/staging/tasklane.sock");
  BOOST_TEST(read_socket_path(find(folder + "/staging/tasklane.env").source).value() ==
             "/run/tasklane/staging/tasklane.sock");
}

BOOST_AUTO_TEST_CASE(another_file_that_is_named_has_none_of_its_secrets) {
  install();
  const auto files = find("/srv/other.env");
  BOOST_TEST(files.source.env_file == "/srv/other.env");
  BOOST_TEST(files.source.credentials_folder.empty());
}

BOOST_AUTO_TEST_CASE(the_environment_wins_over_both) {
  install();
  ::setenv("WORKERS", "2", 1);
  ::setenv("CREDENTIALS_DIRECTORY", prefix.path().c_str(), 1);
  const auto config = read_config(find().source);
  BOOST_TEST(!config.has_value(), "there is no DATABASE_URL in the folder that the environment names");
  ::setenv("DATABASE_URL", "postgresql://u:p@other/d", 1);
  BOOST_TEST(read_config(find().source)->workers == 2);
  BOOST_TEST(read_config(find().source)->database_url == "postgresql://u:p@other/d");
  for (const char* name : {"WORKERS", "CREDENTIALS_DIRECTORY", "DATABASE_URL"}) ::unsetenv(name);
}

BOOST_AUTO_TEST_CASE(without_an_installed_file_it_is_the_one_in_the_current_folder) {
  BOOST_TEST(find().source.env_file == ".env");
  BOOST_TEST(!find().source.env_file_required);
  BOOST_TEST(find().source.credentials_folder.empty());
}

BOOST_AUTO_TEST_CASE(the_package_has_its_files_in_etc) {
  Options options;
  options.set("env-file", "/etc/tasklane/tasklane.env");
  const auto files = find_config_files(options, "/usr");
  BOOST_TEST(files.source.env_file == "/etc/tasklane/tasklane.env");
  BOOST_TEST(find_config_files(options, "/usr/local").source.credentials_folder.empty());
}

BOOST_AUTO_TEST_CASE(the_socket_is_found_whatever_else_is_wrong_in_the_file) {
  install();
  std::filesystem::remove(folder + "/tasklane.env");
  put("tasklane.env",
      "WORKERS=many\nFASTCGI_SOCKET=/run/a.sock\nno setting\nFASTCGI_SOCKET=/run/b.sock\nX=\"open\n");
  BOOST_TEST(read_socket_path(find().source).value() == "/run/b.sock");
  ::setenv("FASTCGI_SOCKET", "/run/c.sock", 1);
  BOOST_TEST(read_socket_path(find().source).value() == "/run/c.sock");
  ::setenv("FASTCGI_SOCKET", "", 1);
  BOOST_TEST(read_socket_path(find().source).value() == default_socket_path());
  ::unsetenv("FASTCGI_SOCKET");
  std::filesystem::remove(folder + "/tasklane.env");
  BOOST_TEST(read_socket_path(find().source).value() == default_socket_path());
}

BOOST_AUTO_TEST_SUITE_END()
