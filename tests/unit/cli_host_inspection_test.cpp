#include "cli/host_inspection.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "temporary_folder.h"

using namespace tasklane;

namespace {

using Level = Finding::Level;

struct Host {
  TemporaryFolder temporary;
  const std::string& folder = temporary.path();
  Config config{};

  Host() {
    config.socket_path = folder + "/tasklane.sock";
    config.tls_certificate = folder + "/cert.pem";
    config.tls_certificate_key = folder + "/key.pem";
    config.better_auth_secret = "Zm9yIHRlc3RzIG9ubHksIDMyIGJ5dGVzIQ==";
  }

  void certify(int days) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=x -days " +
        std::to_string(days) + " -keyout " + folder + "/key.pem -out " + folder + "/cert.pem 2>/dev/null";
    BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  }
  // The level of the finding that says `words`; what was found when there is none.
  bool finds(Level level, std::string_view words) const {
    const auto findings = inspect_host(config);
    const bool found = std::ranges::any_of(
        findings, [&](const Finding& f) { return f.level == level && f.sentence.contains(words); });
    if (!found) {
      for (const auto& finding : findings) BOOST_TEST_MESSAGE(finding.sentence);
    }
    return found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(host_inspection, Host)

BOOST_AUTO_TEST_CASE(is_content_with_a_host_that_fits) {
  certify(90);
  for (const auto& finding : inspect_host(config))
    BOOST_TEST((finding.level != Level::bad), finding.sentence);
  BOOST_TEST(finds(Level::good, "TLS_CERTIFICATE is valid for"));
  BOOST_TEST(finds(Level::good, "takes the socket"));
}

BOOST_AUTO_TEST_CASE(knows_a_guessable_secret_by_its_look) {
  BOOST_TEST(weakness("better-auth-secret-12345678901234567890") != "");
  BOOST_TEST(weakness("please-change-me-before-production-ok") != "");
  BOOST_TEST(weakness(std::string(40, 'a')) != "");
  BOOST_TEST(weakness(config.better_auth_secret) == "");
  BOOST_TEST(weakness("0f3c9a417be25d86c1d09e7f4a2b8563") == "");
  config.better_auth_secret = "your-secret-of-32-bytes-or-more-here";
  BOOST_TEST(finds(Level::bad, "openssl rand -base64 32"));
  for (const auto& finding : inspect_host(config))
    BOOST_TEST(!finding.sentence.contains(config.better_auth_secret));
}

BOOST_AUTO_TEST_CASE(misses_the_sockets_folder_and_minds_an_open_one) {
  ::chmod(folder.c_str(), 0777);
  BOOST_TEST(finds(Level::warning, "chmod o-w"));
  config.socket_path = folder + "/absent/tasklane.sock";
  BOOST_TEST(finds(Level::bad, "RuntimeDirectory"));
  config.socket_group = "no-such-group-here";
  BOOST_TEST(finds(Level::bad, "FASTCGI_SOCKET_GROUP"));
}

BOOST_AUTO_TEST_CASE(looks_into_the_tls_files) {
  BOOST_TEST(finds(Level::bad, "TLS_CERTIFICATE " + config.tls_certificate + " cannot be read"));
  certify(10);
  BOOST_TEST(finds(Level::warning, "TLS_CERTIFICATE expires in"));
  std::filesystem::rename(folder + "/key.pem", folder + "/other.pem");
  BOOST_TEST(finds(Level::warning, "TLS_CERTIFICATE_KEY"));
  certify(90);
  config.tls_certificate_key = folder + "/other.pem";
  BOOST_TEST(finds(Level::bad, "is not the key of"));
  config.tls_certificate_key = config.tls_certificate;
  BOOST_TEST(finds(Level::bad, "holds no key"));
  config.tls_certificate = folder + "/other.pem";
  BOOST_TEST(finds(Level::bad, "holds no certificate"));
}

BOOST_AUTO_TEST_SUITE_END()
