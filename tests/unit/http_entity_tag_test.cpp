// Entity tags and the headers that name them: RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2.

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "http/entity_tag.h"

using namespace tasklane;

namespace {

Result<EntityTags> read(std::string_view text) {
  return read_entity_tags("If-Match", text);
}

std::string versions(std::string_view text) {
  std::string all;
  for (const auto version : read(text).value().versions())
    all += (all.empty() ? "" : " ") + std::to_string(version);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(entity_tags)

BOOST_AUTO_TEST_CASE(a_tag_is_written_as_headers_have_it) {
  BOOST_TEST(EntityTag().empty());
  BOOST_TEST(EntityTag::of_version(1).text() == "\"1\"");
  BOOST_TEST(EntityTag::of_version(std::numeric_limits<std::int64_t>::max()).text() ==
             "\"9223372036854775807\"");
  BOOST_TEST(EntityTag::of_state(0xab).text() == "\"00000000000000ab\"");
  BOOST_TEST(EntityTag::weak_of_content(0).text() == R"(W/"0000000000000000")");
  BOOST_TEST(EntityTag::weak_of_content(0x0123456789abcdef).text() == R"(W/"0123456789abcdef")");
  BOOST_TEST(EntityTag::weak_of_content(~std::uint64_t{0}).text() == R"(W/"ffffffffffffffff")");
}

BOOST_AUTO_TEST_CASE(an_asterisk_names_whatever_there_is) {
  for (const char* text : {"*", " *\t"}) {
    BOOST_TEST(read(text).value().any);
    BOOST_TEST(read(text).value().names(EntityTag::of_version(7)));
  }
}

BOOST_AUTO_TEST_CASE(a_list_names_its_tags) {
  for (const char* text : {R"("3")", R"("1","3")", R"("1" , "3")", R"(,, "3" ,)", R"("a,b","3")", R"("","3")",
                           "\"\xc3\xa9\", \"3\""}) {
    BOOST_TEST(read(text).value().names(EntityTag::of_version(3)), text);
    BOOST_TEST(!read(text).value().names(EntityTag::of_version(2)), text);
  }
}

BOOST_AUTO_TEST_CASE(the_weak_comparison_leaves_weakness_aside) {
  BOOST_TEST(read(R"(W/"3")").value().names(EntityTag::of_version(3)));
  const EntityTag weak = EntityTag::weak_of_content(1);
  BOOST_TEST(read(R"("0000000000000001")").value().names(weak));
  BOOST_TEST(read(R"(W/"0000000000000001")").value().names(weak));
  BOOST_TEST(!read(R"("1")").value().names(EntityTag()));
}

BOOST_AUTO_TEST_CASE(versions_are_the_strong_tags_that_a_task_can_have) {
  BOOST_TEST(versions(R"("3","12")") == "3 12");
  BOOST_TEST(versions(R"(W/"3", "4")") == "4");
  BOOST_TEST(versions(R"("0","03","-3","+3","","3a","0x3","9223372036854775808")") == "");
  BOOST_TEST(read(R"(W/"3", "4")").value().has_weak());
  BOOST_TEST(!read(R"("4")").value().has_weak());
}

BOOST_AUTO_TEST_CASE(what_is_no_list_of_tags_is_refused_by_its_name) {
  for (const char* text :
       {"", " ", ",", "3", "\"3", "3\"", "'3'", R"("3" "4")", R"("3";"4")", R"(w/"3")", R"(W"3")",
        R"(W/ "3")", "W/", "*, \"3\"", "\"3\", *", "**", "\"a b\"", "\"a\tb\"", "\"\x7f\""}) {
    const auto refused = read(text);
    BOOST_REQUIRE_MESSAGE(!refused, text);
    BOOST_TEST((refused.error().type == ErrorType::validation_error), text);
    BOOST_TEST(refused.error().errors.at(0).loc == (std::vector<std::string>{"header", "If-Match"}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()
