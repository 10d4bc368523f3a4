// What nginx answers while `tasklane maintenance` is on.

#include "cli/mode_commands.h"

#include <boost/test/unit_test.hpp>

#include "cli/installed_site.h"
#include "json/json_reader.h"
#include "temporary_folder.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(mode_commands)

BOOST_AUTO_TEST_CASE(whatever_the_message_is_the_answer_is_json_with_it) {
  const std::string message = "\"request_id\":\"REQUEST-ID\" \\ </script> \xE2\x98\x95";
  const auto text = maintenance_problem(message);
  BOOST_REQUIRE(text);
  const auto json = parse_json(*text);
  BOOST_REQUIRE(json);
  BOOST_TEST(*json->find("detail")->string() == message);
  // nginx replaces the first one, which has to be the member.
  BOOST_TEST(text->find(R"("request_id":"REQUEST-ID")") > text->find(R"("error_type")"));
}

BOOST_AUTO_TEST_CASE(a_message_is_one_line_of_utf8) {
  for (const char* wrong : {"", "a\nb", "\x80", "a\tb"}) BOOST_TEST(!maintenance_problem(wrong));
  BOOST_TEST(maintenance_problem(std::string(500, 'x')).has_value());
  BOOST_TEST(!maintenance_problem(std::string(501, 'x')));
}

BOOST_AUTO_TEST_CASE(in_a_page_it_is_text_alone) {
  BOOST_TEST(html_text("<b>&\"") == "&lt;b&gt;&amp;\"");
}

BOOST_AUTO_TEST_CASE(a_site_that_was_rendered_before_maintenance_or_for_another_state_folder_is_known) {
  const TemporaryFolder nginx;
  for (const char* folder : {"sites-enabled", "sites-available"})
    std::filesystem::create_directory(nginx / folder);
  BOOST_TEST(!find_installed_site(nginx.path(), "tasklane", "/var/lib/tasklane"));

  const std::string rendered = nginx / "sites-available/tasklane.conf";
  std::filesystem::create_symlink(rendered, nginx / "sites-enabled/tasklane.conf");
  BOOST_TEST(!find_installed_site(nginx.path(), "tasklane", "/var/lib/tasklane"));
  std::ofstream(rendered) << "server { }\n";
  const auto older = find_installed_site(nginx.path(), "tasklane", "/var/lib/tasklane");
  BOOST_REQUIRE(older);
  BOOST_TEST(!older->looks_for_maintenance);
  BOOST_TEST(older->path == rendered);

  std::ofstream(rendered) << "server { if (-f \"/var/lib/tasklane/maintenance.json\") { } }\n";
  BOOST_TEST(find_installed_site(nginx.path(), "tasklane", "/var/lib/tasklane")->looks_for_maintenance);
  BOOST_TEST(!find_installed_site(nginx.path(), "tasklane", "/srv/state")->looks_for_maintenance);
  BOOST_TEST(!find_installed_site(nginx.path(), "blue", "/var/lib/tasklane/blue"));
}

BOOST_AUTO_TEST_SUITE_END()
