#include "base/handed_values.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "temporary_folder.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(handed_values)

BOOST_AUTO_TEST_CASE(brings_every_byte_of_a_value) {
  const GivenValues values = {{"A", "1"}, {"B", "two\nlines = \xff"}, {"C", "postgresql://u:p%40@h/d?a=b"}};
  const Descriptor fd = hand_values(values);
  for (int reader = 0; reader < 2; ++reader) {  // one moves nothing for the other
    const auto read = read_handed_values(fd.get());
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((*read == values));
  }
  BOOST_TEST(read_handed_values(hand_values({}).get())->empty());
}

BOOST_AUTO_TEST_CASE(cannot_be_changed) {
  const Descriptor fd = hand_values({{"A", "1"}});
  BOOST_TEST(::pwrite(fd.get(), "B", 1, 0) < 0);
  BOOST_TEST(::ftruncate(fd.get(), 0) < 0);
  BOOST_TEST(::fcntl(fd.get(), F_GETFD) == FD_CLOEXEC);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_configuration) {
  BOOST_TEST(!read_handed_values(-1).has_value());
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  BOOST_TEST(!read_handed_values(null.get()).has_value());
  const TemporaryFolder folder;
  const std::string path = folder / "large";
  const Descriptor large(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  BOOST_REQUIRE_EQUAL(::ftruncate(large.get(), limits::kHandedValuesMaxBytes + 1), 0);
  BOOST_TEST(!read_handed_values(large.get()).has_value());
}

// What a worker reads is what the master has checked.
BOOST_AUTO_TEST_CASE(makes_the_same_configuration_again) {
  const auto config = read_config({{"DATABASE_URL", "postgresql://u:p@h/d"},
                                   {"BETTER_AUTH_SECRET", "0123456789abcdef0123456789abcdef"},
                                   {"WORKERS", "3"},
                                   {"AUTH_JWKS", ""}});
  BOOST_REQUIRE(config.has_value());
  const auto values = read_handed_values(hand_values(config->given).get());
  BOOST_REQUIRE(values.has_value());
  const auto again = read_config(*values);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(describe(*again) == describe(*config));
  BOOST_TEST(again->database_url == config->database_url);
}

BOOST_AUTO_TEST_SUITE_END()
