// The exit statuses of `tasklane`'s commands, as far as they go without a database.

#include <stdlib.h>  // unsetenv, mkdtemp
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/exit_codes.h"
#include "base/settings.h"
#include "cli/check_command.h"
#include "cli/migrate_command.h"
#include "cli/token_command.h"
#include "schema/migration_files.h"

using namespace tasklane;

namespace {

constexpr const char* kDatabase = "DATABASE_URL=postgresql://u:p@127.0.0.1:1/x\n";  // nobody listens there
constexpr const char* kSecret = "BETTER_AUTH_SECRET=0123456789abcdef0123456789abcdef\n";

struct Fixture {
  std::string folder = (std::filesystem::temp_directory_path() / "tasklane-cli.XXXXXX").string();
  std::string env_file;

  Fixture() {
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    env_file = folder + "/tasklane.env";
    for (const Setting& setting : settings()) ::unsetenv(std::string(setting.name).c_str());
  }
  ~Fixture() { std::filesystem::remove_all(folder); }

  void configure(const std::string& text) const {
    std::ofstream(env_file) << text;
    ::chmod(env_file.c_str(), 0600);
  }
  int run(int (*command)(Arguments), std::vector<std::string_view> words) const {
    words.insert(words.end(), {"--env-file", env_file});
    return command(words);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(commands, Fixture)

BOOST_AUTO_TEST_CASE(wrong_usage_is_2_before_anything_is_read) {
  for (const auto command : {migrate_command, check_command, token_command})
    BOOST_TEST(run(command, {"--nope"}) == kExitUsage);
  BOOST_TEST(run(token_command, {}) == kExitUsage);
  BOOST_TEST(run(token_command, {"--sub", "u", "--ttl", "soon"}) == kExitUsage);
  const std::string long_subject(256, 'x');
  BOOST_TEST(run(token_command, {"--sub", long_subject}) == kExitUsage);
  BOOST_TEST(run(token_command, {"--sub", "caf\xE9"}) == kExitUsage);  // the API would refuse its token
}

BOOST_AUTO_TEST_CASE(help_is_0_without_a_configuration) {
  for (const auto command : {migrate_command, check_command, token_command})
    BOOST_TEST(run(command, {"--help"}) == kExitOk);
}

BOOST_AUTO_TEST_CASE(a_wrong_configuration_is_100) {
  BOOST_TEST(run(check_command, {}) == kExitConfiguration);  // the named file is not there
  configure("WORKERS=many\n");
  for (const auto command : {migrate_command, check_command})
    BOOST_TEST(run(command, {}) == kExitConfiguration);
  BOOST_TEST(run(token_command, {"--sub", "u"}) == kExitConfiguration);
}

// What a worker would not start with, though libpq alone can tell.
BOOST_AUTO_TEST_CASE(a_database_url_that_cannot_be_used_is_100) {
  for (const char* url : {"postgresql://u:p@[::1/d", "postgresql://u@h/d?no_such_word=1",
                          "postgresql://u@h/d?connect_timeout=soon",
                          "postgresql://u@h/d?connect_timeout=99999999999999999999"}) {
    configure(std::string("DATABASE_URL=") + url + "\n");
    BOOST_TEST(run(check_command, {}) == kExitConfiguration, url);
  }
}

BOOST_AUTO_TEST_CASE(a_key_file_that_workers_would_refuse_is_100) {
  const std::string keys = folder + "/jwks.json";
  configure(std::string(kDatabase) + "AUTH_JWKS=" + keys + "\n");
  BOOST_TEST(run(check_command, {}) == kExitConfiguration);  // it is missing
  for (const char* text : {"", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"oct","k":"AAAA"}]})"}) {
    std::ofstream(keys) << text;
    BOOST_TEST(run(check_command, {}) == kExitConfiguration, text);
  }
  std::ofstream(keys) << R"({"keys":[{"kty":"OKP","crv":"Ed25519",)"
                      << R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
  BOOST_TEST(run(check_command, {}) == kExitOk);
}

BOOST_AUTO_TEST_CASE(what_was_left_as_an_example_is_100) {
  for (const std::string line :
       {"DATABASE_URL=postgresql://tasklane_api:PASSWORD@10.0.0.1/tasks",
        "DATABASE_URL=postgresql://u:p@db.example.com/t",
        "DATABASE_URL=postgresql://USER:PASSWORD@HOST/DATABASE", "AUTH_ISSUER=https://app.example.com",
        "AUTH_AUDIENCE=HTTPS://App.example.com:443/", "SERVER_NAME='tasks.example.com www.tasks.example.com'",
        "DATABASE_URL_DIRECT=postgresql://o:p@a,db.example.org/t",
        "BETTER_AUTH_SECRET=the-same-32-bytes-or-more-as-in-the-front-end",
        "BETTER_AUTH_SECRET=better-auth-secret-12345678901234567890", "BETTER_AUTH_URL=app.example",
        "PUBLIC_URL=https://tasks.example.com",
        "BETTER_AUTH_URL=https://a.test\nPUBLIC_URL=https://b.test\nFRONTEND_UPSTREAM=web:80",
        "TASKLANE_TOKENS=both", "TASKLANE_API_URL=https://api.test/v1", "FRONTEND_DATABASE_URL=mysql://x",
        "FRONTEND_DATABASE_URL=postgresql://u@h/d?sslmode=no-verify",
        "FRONTEND_DATABASE_URL=postgresql://u@h/d?requirepeer=postgres"}) {
    configure(kDatabase + line + "\n");
    BOOST_TEST(run(check_command, {}) == kExitConfiguration, line);
  }
  for (const std::string line :
       {"AUTH_ISSUER=https://example.com.test", "AUTH_ISSUER=https://myexample.com",
        "DATABASE_URL_DIRECT=postgresql://o:Password@h/t", "BETTER_AUTH_URL=HTTPS://App.test:443/",
        "BETTER_AUTH_URL=https://a.test\nPUBLIC_URL=https://b.test",
        "BETTER_AUTH_URL=https://a.test/\nPUBLIC_URL=https://a.test\nFRONTEND_UPSTREAM=web:80",
        "TASKLANE_TOKENS=secret", "FRONTEND_DATABASE_URL=postgresql://u@a,b/d?sslmode=require"}) {
    configure(kDatabase + line + "\n");
    BOOST_TEST(run(check_command, {}) == kExitOk, line);
  }
}

BOOST_AUTO_TEST_CASE(a_valid_configuration_is_0_and_needs_no_database) {
  configure(kDatabase);
  BOOST_TEST(run(check_command, {}) == kExitOk);
}

BOOST_AUTO_TEST_CASE(a_token_needs_the_secret) {
  configure(kDatabase);
  BOOST_TEST(run(token_command, {"--sub", "u"}) == kExitConfiguration);
  configure(std::string(kDatabase) + kSecret);
  BOOST_TEST(run(token_command, {"--sub", "u"}) == kExitOk);
}

BOOST_AUTO_TEST_CASE(a_ttl_is_a_number_and_a_unit) {
  using std::chrono::seconds;
  BOOST_TEST((parse_ttl("90s") == seconds(90)));
  BOOST_TEST((parse_ttl("15m") == seconds(900)));
  BOOST_TEST((parse_ttl("1h") == seconds(3'600)));
  BOOST_TEST((parse_ttl("365d") == seconds(31'536'000)));
  for (const char* wrong :
       {"", "h", "1", "0s", "-1h", "+1h", "1.5h", " 1h", "1h ", "1w", "366d", "1hh", "99999999999s"})
    BOOST_TEST(!parse_ttl(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(an_unreachable_database_is_111_and_missing_files_are_1) {
  configure(kDatabase);
  std::ofstream(folder + "/0001_one.sql") << "SELECT 1;";
  BOOST_TEST(run(migrate_command, {"--sql", folder}) == kExitTemporary);
  BOOST_TEST(run(check_command, {"--db", "--sql", folder}) == kExitTemporary);
  const std::string absent = folder + "/absent";
  BOOST_TEST(run(migrate_command, {"--sql", absent}) == kExitFailure);
}

BOOST_AUTO_TEST_CASE(migration_files_come_in_order_and_other_files_are_left_alone) {
  for (const char* name : {"/0002_two.sql", "/0001_one.sql", "/README.md"})
    std::ofstream(folder + name) << name;
  const auto files = read_migration_files(folder);
  BOOST_REQUIRE(files);
  BOOST_REQUIRE(files->size() == 2U);
  BOOST_TEST(files->front().name == "0001_one.sql");
  BOOST_TEST(files->front().text == "/0001_one.sql");
  BOOST_TEST(files->back().version == 2);
}

// As a checkout on Windows may have it: the same text, and so the same checksum.
BOOST_AUTO_TEST_CASE(a_migration_file_is_the_same_with_the_line_ends_of_another_system) {
  std::ofstream(folder + "/0001_one.sql", std::ios::binary) << "SELECT 1;\r\n\r\nSELECT '\r', 2;\r\n";
  const auto files = read_migration_files(folder);
  BOOST_REQUIRE(files);
  BOOST_TEST(files->front().text == "SELECT 1;\n\nSELECT '\r', 2;\n");
}

BOOST_AUTO_TEST_CASE(a_migration_file_named_out_of_order_is_refused) {
  for (const char* name :
       {"1_one.sql", "0000_zero.sql", "0001-one.sql", "0001_.sql", "0001_One.sql", "00a1_one.sql"}) {
    std::ofstream(folder + "/" + name) << "SELECT 1;";
    const auto files = read_migration_files(folder);
    BOOST_REQUIRE(!files);
    BOOST_TEST(files.error().sentence.find(name) != std::string::npos, files.error().sentence);
    std::filesystem::remove(folder + "/" + name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
