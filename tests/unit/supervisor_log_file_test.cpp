// A log that logrotate has moved away.

#include "supervisor/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/descriptors.h"
#include "temporary_folder.h"

using namespace tasklane;
namespace fs = std::filesystem;

namespace {

struct Log {
  TemporaryFolder folder;
  std::string path = folder / "a.log";
  Descriptor fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)};
  LogFile file{fd.get()};

  void write(std::string_view text) const { BOOST_REQUIRE(::write(fd.get(), text.data(), text.size()) >= 0); }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_file)

BOOST_FIXTURE_TEST_CASE(a_file_that_was_moved_away_is_followed_by_a_new_one_of_its_mode, Log) {
  write("before ");
  fs::rename(path, path + ".1");
  write("meanwhile");
  BOOST_TEST(file.reopen() == "");
  write("after");
  BOOST_TEST(text_of(path + ".1") == "before meanwhile");
  BOOST_TEST(text_of(path) == "after");
  BOOST_TEST((fs::status(path).permissions() == fs::perms(0640)));
}

BOOST_FIXTURE_TEST_CASE(one_that_logrotate_has_made_is_taken, Log) {
  fs::rename(path, path + ".1");
  std::ofstream(path) << "first ";
  BOOST_TEST(file.reopen() == "");
  write("second");
  BOOST_TEST(text_of(path) == "first second");
}

BOOST_FIXTURE_TEST_CASE(one_that_is_in_its_place_stays, Log) {
  write("a");
  BOOST_TEST(file.reopen() == "");
  write("b");
  BOOST_TEST(text_of(path) == "ab");
}

BOOST_FIXTURE_TEST_CASE(where_none_can_be_made_the_old_one_stays_and_it_is_told, Log) {
  fs::rename(path, path + ".1");
  fs::create_directory(path);
  BOOST_TEST(file.reopen().starts_with(path + ": "));
  write("still");
  BOOST_TEST(text_of(path + ".1") == "still");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_left_alone) {
  const Descriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  BOOST_TEST(LogFile(null.get()).reopen() == "");
}

BOOST_AUTO_TEST_SUITE_END()
