#include "base/settings.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "base/setting_forms.h"

using namespace tasklane;

namespace {

// A sentence in one line, as the documents put it behind others.
bool is_sentence(std::string_view text) {
  return text.ends_with('.') && !text.contains('\n') && !text.contains("  ") && !text.contains('|');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(setting_table)

BOOST_AUTO_TEST_CASE(has_each_name_once_and_is_ordered_by_group) {
  std::set<std::string_view> names;
  for (const Setting& setting : settings()) {
    BOOST_TEST(names.insert(setting.name).second, setting.name);
    BOOST_TEST(setting.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos,
               setting.name);
  }
  BOOST_TEST(std::ranges::is_sorted(settings(), {}, &Setting::group));
}

BOOST_AUTO_TEST_CASE(tells_of_each_what_it_is_and_what_counts_without_it) {
  for (const Setting& setting : settings()) {
    BOOST_TEST_CONTEXT(setting.name) {
      BOOST_TEST(is_sentence(setting.text));
      BOOST_TEST(!setting.text.contains("]("), "tasklane.env(5) has no links");
      BOOST_TEST((setting.more.empty() || is_sentence(setting.more)));
      const int defaults =
          !setting.default_value.empty() + !setting.default_in_words.empty() + !setting.required.empty();
      BOOST_TEST(defaults == 1, "a default, or why there is none");
    }
  }
}

BOOST_AUTO_TEST_CASE(reads_a_default_by_the_settings_own_rule_and_shows_it_as_it_stands) {
  for (const Setting& setting : settings()) {
    BOOST_TEST_CONTEXT(setting.name) {
      Config config{};
      BOOST_TEST(setting.form.read(setting.default_value, config).empty());
      if (!setting.default_value.empty()) BOOST_TEST(setting.form.show(config) == setting.default_value);
    }
  }
}

BOOST_AUTO_TEST_CASE(says_which_values_are_right_when_not_all_are) {
  for (const Setting& setting : settings()) {
    BOOST_TEST_CONTEXT(setting.name) {
      const std::string wrong = "\x01";
      Config config{};
      const auto mistakes = setting.form.read(wrong, config);
      BOOST_TEST(mistakes.empty() == setting.form.values.empty());
      for (const auto& mistake : mistakes) BOOST_TEST(!mistake.contains(wrong), mistake);
    }
  }
}

BOOST_AUTO_TEST_CASE(shows_no_secret) {
  for (const Setting& setting : settings()) {
    BOOST_TEST_CONTEXT(setting.name) {
      if (!setting.secret) continue;
      const bool versions = setting.name == "BETTER_AUTH_SECRETS";
      const std::string value = versions ? "2:a-hunter2-secret-of-fifty-one-bytes-and-no-comma-xy"
                                         : "postgresql://user:hunter2@host/and-more-than-32-bytes";
      Config config{};
      BOOST_TEST(setting.form.read(value, config).empty());
      BOOST_TEST(setting.form.show(config) == value);
      const std::string text = describe(config);
      BOOST_TEST(!text.contains("hunter2"), text);
      BOOST_TEST(text.contains(std::string(setting.name) + "=set, 53 bytes\n"), text);
    }
  }
}

BOOST_AUTO_TEST_CASE(has_these_secrets) {
  std::vector<std::string_view> secrets;
  for (const Setting& setting : settings()) {
    if (setting.secret) secrets.push_back(setting.name);
  }
  const std::vector<std::string_view> known = {"DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET",
                                               "BETTER_AUTH_SECRETS"};
  BOOST_TEST(secrets == known, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(setting_forms)

BOOST_AUTO_TEST_CASE(take_both_ends_of_their_range_and_nothing_past_them) {
  const Form form = whole(&Config::leeway, -5, 300);
  Config config{};
  for (const char* right : {"-5", "300", " 7\t"}) BOOST_TEST(form.read(right, config).empty(), right);
  BOOST_TEST(config.leeway.count() == 7);
  for (const char* wrong : {"-6", "301", "+7", "7 7", "7.0", "0x7", " ", "99999999999999999999"})
    BOOST_TEST(form.read(wrong, config).size() == 1U, wrong);
  BOOST_TEST(config.leeway.count() == 7);
}

BOOST_AUTO_TEST_CASE(leave_the_member_alone_when_the_text_is_empty) {
  Config config{};
  config.workers = 3;
  config.cors_origins = {"https://a.example.com"};
  for (const Setting& setting : settings()) BOOST_TEST(setting.form.read("", config).empty(), setting.name);
  BOOST_TEST(config.workers == 3);
  BOOST_TEST(config.cors_origins.size() == 1U);
}

BOOST_AUTO_TEST_CASE(tell_of_every_wrong_entry_by_its_number) {
  const Form form = list(
      &Config::cors_origins, "words", [](const std::string& entry) { return entry != "no"; },
      "entry {} is no");
  Config config{};
  BOOST_TEST(form.read("yes, no", config) == std::vector<std::string>{"entry 2 is no"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
