// Control groups as containers, services and shells see them, made of plain files.
#include "base/processors.h"

#include <sched.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "temporary_folder.h"

using namespace tasklane;

namespace {

struct Machine : TemporaryFolder {
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = *this / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  void second(const std::string& group, const std::string& part = "/") const {
    write("proc/self/cgroup", "0::" + group + "\n");
    write("proc/self/mountinfo",
          "30 23 0:26 " + part + " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
  }
  void first(const std::string& group, const std::string& part = "/") const {
    write("proc/self/cgroup", "5:memory:/x\n3:cpu,cpuacct:" + group + "\n1:name=systemd:/y\n");
    write("proc/self/mountinfo",
          "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n32 23 0:28 " + part +
              " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  }
  void first_quota(const std::string& folder, const std::string& quota) const {
    write("sys/fs/cgroup/cpu,cpuacct" + folder + "/cpu.cfs_quota_us", quota + "\n");
    write("sys/fs/cgroup/cpu,cpuacct" + folder + "/cpu.cfs_period_us", "100000\n");
  }
  double quota() const { return quota_processors(*this / ""); }
  std::size_t usable() const { return usable_processors(*this / ""); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(processors, Machine)

BOOST_AUTO_TEST_CASE(knows_the_quota_of_its_own_group) {
  second("/system.slice/tasklane.service");
  write("sys/fs/cgroup/system.slice/tasklane.service/cpu.max", "150000 100000\n");
  BOOST_TEST(quota() == 1.5);
  first("/docker/abc");
  first_quota("/docker/abc", "50000");
  BOOST_TEST(quota() == 0.5);
}

BOOST_AUTO_TEST_CASE(takes_the_least_quota_of_the_groups_above) {
  second("/a/b");
  write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  BOOST_TEST(quota() == 3.0);
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  BOOST_TEST(quota() == 2.0);
  first("/a/b");
  first_quota("/a/b", "-1");
  first_quota("/a", "300000");
  BOOST_TEST(quota() == 3.0);
}

BOOST_AUTO_TEST_CASE(finds_its_group_where_a_container_has_only_a_part_mounted) {
  second("/");  // a cgroup namespace
  write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  BOOST_TEST(quota() == 0.5);
  second("/../../other", "/../..");
  BOOST_TEST(quota() == 0.5);
  first("/docker/abc", "/docker/abc");
  first_quota("", "250000");
  BOOST_TEST(quota() == 2.5);
  first("/docker/abc", "/somewhere/else");
  BOOST_TEST(quota() == 2.5);
}

BOOST_AUTO_TEST_CASE(has_no_quota_where_none_can_be_read) {
  BOOST_TEST(quota() == 0.0);
  second("/a");
  BOOST_TEST(quota() == 0.0);
  for (const auto* text : {"", "max 100000", "nonsense", "0 100000", "100000 0", "100000", "-5 100000"}) {
    write("sys/fs/cgroup/a/cpu.max", text);
    BOOST_TEST(quota() == 0.0, text);
  }
}

BOOST_AUTO_TEST_CASE(uses_what_the_mask_and_the_quota_allow) {
  cpu_set_t before, one;
  BOOST_REQUIRE_EQUAL(::sched_getaffinity(0, sizeof before, &before), 0);
  BOOST_TEST(usable() == static_cast<std::size_t>(CPU_COUNT(&before)));
  second("/");
  for (const auto* text : {"1 100000", "50000 100000", "100000 100000"}) {
    write("sys/fs/cgroup/cpu.max", text);
    BOOST_TEST(usable() == 1U, text);
  }
  write("sys/fs/cgroup/cpu.max", "99900000 100000");
  BOOST_TEST(usable() == static_cast<std::size_t>(CPU_COUNT(&before)));
  CPU_ZERO(&one);
  for (std::size_t i = 0; CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  }
  BOOST_REQUIRE_EQUAL(::sched_setaffinity(0, sizeof one, &one), 0);
  BOOST_TEST(usable() == 1U);
  ::sched_setaffinity(0, sizeof before, &before);
}

BOOST_AUTO_TEST_SUITE_END()
