// What `tasklane check` warns of in an environment file. tests/system/test_env_file.py compares the readings
// with Next.js' own.

#include "cli/env_inspection.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "cli/next_env.h"
#include "cli/setting_names.h"

using namespace tasklane;

namespace {

std::string warnings(const std::string& text, char** environment = nullptr) {
  std::string all;
  for (const Finding& finding : inspect_env("F", text, environment)) all += finding.sentence + "\n";
  BOOST_TEST(!all.contains("hunter2"), all);
  return all;
}

std::string next_value(const std::string& written) {
  const auto values = read_as_next("N=" + written);
  return values.size() == 1 ? values[0].second.value_or("(expanded)") : "(none)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(env_inspection)

BOOST_AUTO_TEST_CASE(a_name_that_is_no_setting_is_told_with_the_nearest) {
  BOOST_TEST(
      warnings("A=1\nWORKERSS=2\n").contains("F: line 2: WORKERSS is no setting; the nearest is WORKERS\n"));
  for (const auto& [name, setting] : {std::pair("WORKER", "WORKERS"),
                                      {"WROKERS", "WORKERS"},
                                      {"CORS_ORIGIN", "CORS_ORIGINS"},
                                      {"DATABASE_URI", "DATABASE_URL"},
                                      {"BETTER_AUTH_SECERT", "BETTER_AUTH_SECRET"},
                                      {"AUTH_ISUER", "AUTH_ISSUER"},
                                      {"TLS_CERT", "TLS_CERTIFICATE"},
                                      {"HTTP_PORTS", "HTTP_PORT"},
                                      {"WORKERS_FILE", "WORKERS"}})
    BOOST_TEST(warnings(std::string(name) + "=1").contains("the nearest is " + std::string(setting) + "\n"),
               name);
  BOOST_TEST(warnings("workers=1") == "F: line 1: its name is no setting; the nearest is WORKERS\n");
  BOOST_TEST(warnings("FOO=1\nBAR=2\nFOO=3\n") == "F: no settings of Tasklane: FOO, BAR\n");
}

BOOST_AUTO_TEST_CASE(the_names_of_both_sides_are_known) {
  BOOST_TEST(warnings("WORKERS=1\nDATABASE_URL_FILE=/x\nBETTER_AUTH_SECRET_FILE=/"
                      "x\nBETTER_AUTH_SECRETS=x\nBETTER_AUTH_SECRETS_FILE=/x\nBETTER_AUTH_URL=https://x\n"
                      "FRONTEND_DATABASE_URL=x\nTASKLANE_TOKENS=jwks\nTASKLANE_API_URL=x\nNEXT_PUBLIC_X=1\n"
                      "SIGN_UP=invite\nMAIL_FROM=x\nSMTP_URL=x\nSMTP_URL_FILE=/x\n"
                      "NODE_ENV=production\nPORT=3000\nHOSTNAME=x\n") == "");
}

BOOST_AUTO_TEST_CASE(a_secret_that_has_lost_its_name_is_not_told) {
  BOOST_TEST(warnings("MIIhunter2aBcDeF=\nhunter2=\n") == "");
}

BOOST_AUTO_TEST_CASE(of_the_environment_only_what_is_a_letter_away_is_told) {
  std::string wrong = "WORKERSS=2", right = "WORKERS=2", other = "HTTP_PROXY=x", path = "PATH=/bin",
              shell = "LOGNAME=x";
  char* environment[] = {wrong.data(), right.data(), other.data(), path.data(), shell.data(), nullptr};
  BOOST_TEST(warnings("", environment) == "environment: WORKERSS is no setting; the nearest is WORKERS\n");
}

BOOST_AUTO_TEST_CASE(distances_count_letters) {
  BOOST_TEST(edit_distance("", "abc") == 3U);
  BOOST_TEST(edit_distance("abc", "abc") == 0U);
  BOOST_TEST(edit_distance("abc", "acb") == 1U);
  BOOST_TEST(edit_distance("abcd", "bd") == 2U);
}

BOOST_AUTO_TEST_CASE(a_value_that_next_reads_otherwise_is_told_with_the_character_and_a_form) {
  const auto said = [](const std::string& written) {
    return warnings("BETTER_AUTH_SECRET=" + written + "\n");
  };
  const std::string other = "F: line 1: Next.js reads another BETTER_AUTH_SECRET from this file, because of ";
  BOOST_TEST(said("hunter2#x") == other + "#; write it in single quotes\n");
  BOOST_TEST(said("hunter2$x") == other + "$; write it in double quotes, with a backslash before each $\n");
  BOOST_TEST(said("'hunter2$x'") == other + "$; write it in double quotes, with a backslash before each $\n");
  BOOST_TEST(said(R"("hunter2\\x")") == other + "\\; write it without quotes\n");
  BOOST_TEST(said(R"("hunter2\"x")") == other + "\\; write it without quotes\n");
  BOOST_TEST(said("`hunter2`") == other + "`; write it in single quotes\n");
  BOOST_TEST(said(R"('$hunter2\\nx"')") ==
             other +
                 "$; there is no form that both read: choose another value, or give a secret as NAME_FILE\n");
  for (const char* same : {"hunter2", "'hunter2#x'", "\"hunter2#x\"", "hunter2 # comment", "'a b'",
                           "hun\\ter2", R"("\$hunter2")", "hunter2$", "a$-b", R"("a\nb")", "", "it's"})
    BOOST_TEST(said(same) == "", same);
  BOOST_TEST(warnings("FOO=$x\nWORKERS=1\n").find("Next.js") == std::string::npos, "nobody here reads it");
  BOOST_TEST(warnings("WORKERS=a#b\nWORKERS=1\n") == "", "the last line of a name counts");
}

BOOST_AUTO_TEST_CASE(a_quote_that_next_closes_lines_later_is_told) {
  const std::string said = warnings("AUTH_ISSUER='hunter2\\'\nAUTH_AUDIENCE=b'\n");
  const std::string why = " from this file, because of a quote that it ends in another line";
  BOOST_TEST(said.contains("line 1: Next.js reads another AUTH_ISSUER" + why), said);
  BOOST_TEST(said.contains("line 2: Next.js reads another AUTH_AUDIENCE" + why), said);
  BOOST_TEST(warnings("AUTH_ISSUER='hunter2\\'\nAUTH_AUDIENCE='b'\n") == "",
             "dotenv goes back to the escaped quote");
}

BOOST_AUTO_TEST_CASE(is_read_as_dotenv_reads_it) {
  BOOST_TEST(next_value("  a b  ") == "a b");
  BOOST_TEST(next_value("a#b") == "a");
  BOOST_TEST(next_value("\"a\\nb\\rc\"") == "a\nb\rc");
  BOOST_TEST(next_value("'a\\nb'") == "a\\nb");
  BOOST_TEST(next_value("`a'\"b`") == "a'\"b");
  BOOST_TEST(next_value("\"a\\\"b\"") == "a\\\"b");
  BOOST_TEST(next_value("a\\$b") == "a$b");
  BOOST_TEST(next_value("$A") == "(expanded)");
  BOOST_TEST(next_value("${A:-b}") == "(expanded)");
  BOOST_TEST(next_value("a$") == "a$");
  BOOST_TEST(next_value("\"a\nb\"") == "a\nb");
  BOOST_TEST(next_value("\u00a0a\u3000") == "a");
  const auto all = read_as_next("\xEF\xBB\xBF# c\nexport A = 1\r\n\n  B: 2\nC=\nD='x\ny' # z\nE=5");
  const NextValues expected = {{"A", "1"}, {"C", ""}, {"D", "x\ny"}, {"E", "5"}};
  BOOST_CHECK(all == expected);
}

BOOST_AUTO_TEST_SUITE_END()
