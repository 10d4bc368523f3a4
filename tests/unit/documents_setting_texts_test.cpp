#include "documents/setting_texts.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

using namespace tasklane;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).contains("\n" + line + "\n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(setting_texts)

BOOST_AUTO_TEST_CASE(tell_of_every_setting_everywhere) {
  const std::string file = settings_as_env_file(), manual = settings_as_manual();
  for (const Setting& setting : settings()) {
    const std::string name(setting.name);
    BOOST_TEST(has_line(file, "#" + name + "=" + std::string(setting.default_value)), name);
    BOOST_TEST(has_line(manual, ".It Ev " + name), name);
    BOOST_TEST(settings_as_markdown(setting.group).contains("\n| `" + name + "` | "), name);
  }
}

BOOST_AUTO_TEST_CASE(begin_each_group_once_in_its_order) {
  std::string heads;
  std::istringstream file(settings_as_env_file());
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ---- ")) heads += line.substr(7) + ' ';
  }
  BOOST_TEST(heads == "Postgres Tokens Workers nginx ");
}

BOOST_AUTO_TEST_CASE(of_a_file_fit_110_columns_but_for_an_example) {
  std::istringstream file(settings_as_env_file());
  for (std::string line; std::getline(file, line);)
    BOOST_TEST((line.size() <= 110 || line.starts_with("#   ")), line);
}

BOOST_AUTO_TEST_CASE(add_the_values_and_the_default_to_what_is_written) {
  BOOST_TEST(settings_as_env_file().contains(
      "\n# Worker processes. Values: 1 to 64. Default: one per processor.\n#WORKERS=\n"));
  BOOST_TEST(settings_as_markdown(SettingGroup::workers)
                 .contains("\n| `WORKERS` | one per processor | 1 to 64 | Worker processes. The processors"));
  BOOST_TEST(settings_as_manual().contains(
      "\n.It Ev WORKERS\nWorker processes.\nValues: 1 to 64.\nDefault: one per processor.\n"));
}

BOOST_AUTO_TEST_CASE(of_the_manual_hold_no_markdown_and_begin_no_line_with_a_request_by_chance) {
  std::istringstream manual(settings_as_manual());
  for (std::string line; std::getline(manual, line);) {
    BOOST_TEST(!line.contains('`'), line);
    BOOST_TEST(!line.starts_with('\''), line);
    if (line.starts_with('.'))
      BOOST_TEST((line.starts_with(".It Ev ") || line.starts_with(".Sh ") || line.starts_with(".Bl ") ||
                  line == ".El"),
                 line);
  }
}

BOOST_AUTO_TEST_SUITE_END()
