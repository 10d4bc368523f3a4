#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "json/json_writer.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(json_writer)

BOOST_AUTO_TEST_CASE(writes_members_in_order_with_commas_and_colons) {
  JsonWriter writer(1);  // grows from a small buffer
  writer.begin_object();
  writer.member("id", std::int64_t{7});
  writer.member("small", 1);
  writer.member("title", "Buy milk");
  writer.member("completed", false);
  writer.key("description");
  writer.null();
  writer.key("list");
  writer.begin_array();
  writer.integer(-1);
  writer.begin_object();
  writer.end_object();
  writer.begin_array();
  writer.end_array();
  writer.boolean(true);
  writer.end_array();
  writer.end_object();
  BOOST_TEST(writer.take() == R"({"id":7,"small":1,"title":"Buy milk","completed":false,"description":null,)"
                              R"("list":[-1,{},[],true]})");
}

BOOST_AUTO_TEST_CASE(writes_all_64_bit_integers) {
  JsonWriter writer;
  writer.begin_array();
  writer.integer(std::numeric_limits<std::int64_t>::min());
  writer.integer(std::numeric_limits<std::int64_t>::max());
  writer.integer(0);
  writer.end_array();
  BOOST_TEST(writer.take() == "[-9223372036854775808,9223372036854775807,0]");
}

BOOST_AUTO_TEST_CASE(is_empty_and_usable_again_after_take) {
  JsonWriter writer(4);
  writer.begin_array();
  writer.string("first");
  writer.end_array();
  BOOST_TEST(writer.take() == R"(["first"])");
  BOOST_TEST(writer.take().empty());
  writer.begin_object();
  writer.member("second", 2);
  writer.end_object();
  BOOST_TEST(writer.take() == R"({"second":2})");
}

BOOST_AUTO_TEST_SUITE_END()
