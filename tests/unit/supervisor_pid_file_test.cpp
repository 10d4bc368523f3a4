#include "supervisor/pid_file.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "temporary_folder.h"

using namespace tasklane;

BOOST_FIXTURE_TEST_SUITE(pid_file, TemporaryFolder)

BOOST_AUTO_TEST_CASE(holds_the_process_id_as_long_as_it_lives) {
  const std::string path = *this / "master.pid";
  {
    const auto file = PidFile::write(path);
    BOOST_REQUIRE(file.has_value());
    BOOST_TEST(content(path) == std::to_string(::getpid()) + "\n");
  }
  BOOST_TEST(std::filesystem::is_empty(this->path()));
}

BOOST_AUTO_TEST_CASE(replaces_a_dead_master_s_file) {
  const std::string path = *this / "master.pid";
  std::ofstream(path) << "99999999\n";
  const auto file = PidFile::write(path);
  BOOST_REQUIRE(file.has_value());
  BOOST_TEST(content(path) == std::to_string(::getpid()) + "\n");
}

BOOST_AUTO_TEST_CASE(leaves_a_file_that_another_master_has_written) {
  const std::string path = *this / "master.pid";
  {
    const auto file = PidFile::write(path);
    std::ofstream(path) << "1\n";
  }
  BOOST_TEST(content(path) == "1\n");
}

BOOST_AUTO_TEST_CASE(names_the_path_that_cannot_be_written) {
  const std::string path = *this / "missing/master.pid";
  const auto file = PidFile::write(path);
  BOOST_REQUIRE(!file.has_value());
  BOOST_TEST(file.error() == path + ": open: No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()
