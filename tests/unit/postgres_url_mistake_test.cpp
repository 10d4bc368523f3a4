// What keeps a database URL from being used, told without a word of it.

#include <boost/test/unit_test.hpp>
#include <string>

#include "postgres/connection_pool.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

std::string mistake(const std::string& behind_scheme) {
  const std::string said = ConnectionPool::mistake_in("postgresql://" + behind_scheme);
  BOOST_TEST(!said.contains("hunter"), said);
  return said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(url_mistakes)

BOOST_AUTO_TEST_CASE(there_is_none_in_what_libpq_connects_with) {
  for (const char* url :
       {"u:hunter2@db.internal/tasks", "u@h", "h/d", "/d?host=/run/postgresql&user=u",
        "u:p%40%2F%23%3F%25@h:5433/d", "u:p@[::1]:5432/d",
        "u:p@a:1,b:2,[::1]/d?target_session_attrs=read-write&connect_timeout=5",
        "u:p@h/d?sslmode=require&application_name=x&keepalives_idle=30", "u:a:b@h/d", "u:p@h/d?ssl=true",
        "u@h/d?options=-c%20search_path%3Dx", "u@h/a%40b", "u@h?sslmode=disable", "u@h/d?user=a@b",
        "u@a,b/d?hostaddr=127.0.0.1,127.0.0.2", "/d?host=/a,/b&port=1,2"})
    BOOST_TEST(mistake(url) == "", url);
}

BOOST_AUTO_TEST_CASE(an_unescaped_character_of_the_password_is_named) {
  const auto says = [](const char* url, const char* character) {
    BOOST_TEST(mistake(url).starts_with("it has an unescaped " + std::string(character)), url);
  };
  for (const char* url : {"u:hunter/2@h/d", "u:/hunter2@h/d", "u:12/hunter@h/d", "u:hunter@2/3@h/d"})
    says(url, "/");
  says("u:hunter/2?3@h/d", "/");
  for (const char* url : {"u:hunter@2@h/d", "u:hunter2@@h/d", "u:@hunter2@h"}) says(url, "@");
  for (const char* url : {"u:hunter#2@h/d", "u:#hunter2@h/d", "u:hunter2#@h/d"}) says(url, "#");
  for (const char* url : {"u:hunter?2@h/d", "u:?hunter2@h", "u:hunter2?@h/d?sslmode=require"}) says(url, "?");
  for (const char* url : {"u:hunter%2@h/d", "u:%hunter2@h/d", "u:hunter2%@h/d", "u:hunter%zz@h/d"})
    says(url, "%");
}

BOOST_AUTO_TEST_CASE(a_parameter_that_libpq_does_not_know_is_named) {
  for (const std::string name :
       {"pgbouncer", "connection_limit", "schema", "uselibpqcompat", "Sslmode", "sslmod"})
    BOOST_TEST(mistake("u@h/d?sslmode=require&" + name + "=hunter2") ==
               "it has the parameter " + name + ", which libpq does not know");
}

BOOST_AUTO_TEST_CASE(what_may_be_a_part_of_a_password_is_not_named) {
  for (const char* url :
       {"u@h/d?password=a&hunter2=1", "u@h/d?sslpassword=a&hunter2", "u@h/d?%68=1&hunter2=b"})
    BOOST_TEST(mistake(url) == "it is malformed, or has a parameter that libpq does not know", url);
}

BOOST_AUTO_TEST_CASE(a_value_that_libpq_does_not_take_is_named_by_its_parameter) {
  for (const std::string parameter :
       {"sslmode=hunter2", "channel_binding=hunter2", "target_session_attrs=hunter2", "gssencmode=hunter2",
        "ssl_min_protocol_version=hunter2", "port=hunter2", "port=0", "port=65536"}) {
    BOOST_TEST(mistake("u@h/d?" + parameter) ==
                   "libpq does not take its " + parameter.substr(0, parameter.find('=')),
               parameter);
  }
  for (const char* url : {"u@h:hunter2/d", "u@h:0/d", "u@h:99999/d", "u@a:1,b:hunter2/d"})
    BOOST_TEST(mistake(url) == "libpq does not take its port", url);
  for (const char* url : {"u@a,b/d?hostaddr=127.0.0.1", "u@h/d?port=1,2", "u@a,b,c/d?port=1,2"})
    BOOST_TEST(mistake(url) == "libpq does not take its host, hostaddr or port", url);
  for (const char* name : {"keepalives", "keepalives_idle", "tcp_user_timeout"})
    BOOST_TEST(mistake(std::string("u@h/d?") + name + "=hunter2") ==
               std::string("its ") + name + " is no number");
  BOOST_TEST(mistake("u@h/d?connect_timeout=hunter2") == "its connect_timeout is not a number of seconds");
}

BOOST_AUTO_TEST_CASE(a_malformed_host_is_told) {
  for (const char* url : {"u:hunter2@[::1/d", "u:hunter2@[]/d", "u:hunter2@[::1]x/d"})
    BOOST_TEST(mistake(url) == "it is malformed", url);
}

// libpq would look for them with every connection, and never get one.
BOOST_AUTO_TEST_CASE(a_file_that_it_names_can_be_read) {
  const TemporaryFolder folder;
  const std::string absent = folder / "absent.pem";
  for (const char* mode : {"verify-ca", "verify-full"}) {
    const std::string url = std::string("u@h/d?sslmode=") + mode + "&sslrootcert=";
    BOOST_TEST(mistake(url + absent) == "its sslrootcert cannot be read: No such file or directory");
    BOOST_TEST(mistake(url + "/etc/passwd") == "");
  }
  BOOST_TEST(mistake("u@h/d?sslmode=require&sslrootcert=" + absent) == "", "libpq does not read it");
  BOOST_TEST(mistake("u@h/d?sslrootcert=system&sslmode=require") ==
             "sslrootcert=system needs sslmode=verify-full");
  BOOST_TEST(mistake("u@h/d?sslcert=/etc/passwd&sslkey=" + absent) ==
             "its sslkey cannot be read: No such file or directory");
  BOOST_TEST(mistake("/d?host=/run&sslmode=verify-full&sslrootcert=" + absent) == "", "a socket has no TLS");
}

BOOST_AUTO_TEST_SUITE_END()
