#include "supervisor/placement.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <set>
#include <vector>

using namespace tasklane;

namespace {

std::set<std::size_t> processors_of(pid_t pid) {
  cpu_set_t allowed;
  std::set<std::size_t> found;
  if (::sched_getaffinity(pid, sizeof allowed, &allowed) != 0) return found;
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed)) found.insert(i);
  }
  return found;
}

// Processes that wait for their end, each bound to the processor it was given.
struct Workers {
  ~Workers() {
    for (const pid_t pid : pids) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  void start(std::size_t processor) {
    const pid_t pid = ::fork();
    while (pid == 0) ::pause();
    bind_to_processor(pid, processor);
    pids.push_back(pid);
  }
  std::vector<pid_t> pids;
};

const std::set<std::size_t> ours = processors_of(0);

}  // namespace

BOOST_AUTO_TEST_SUITE(placement)

BOOST_AUTO_TEST_CASE(gives_each_processor_a_worker_before_it_gives_one_two) {
  Workers workers;
  for (int round = 0; round < 2; ++round) {
    std::set<std::size_t> taken;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const auto processor = processor_for_worker(ours.size(), workers.pids);
      BOOST_REQUIRE(processor);
      taken.insert(*processor);
      workers.start(*processor);
      BOOST_TEST((processors_of(workers.pids.back()) == std::set{*processor}));
    }
    BOOST_TEST((taken == ours));
  }
}

BOOST_AUTO_TEST_CASE(fills_the_gap_that_a_worker_leaves) {
  Workers workers;
  for (const std::size_t processor : ours) workers.start(processor);
  const auto gap = *processors_of(workers.pids.front()).begin();
  ::kill(workers.pids.front(), SIGKILL);
  ::waitpid(workers.pids.front(), nullptr, 0);
  workers.pids.erase(workers.pids.begin());
  BOOST_TEST(processor_for_worker(ours.size(), workers.pids).value() == gap);
}

BOOST_AUTO_TEST_CASE(leaves_it_to_the_kernel_where_processors_outnumber_workers) {
  BOOST_TEST(!processor_for_worker(ours.size() - 1, {}));
}

BOOST_AUTO_TEST_CASE(counts_neither_processes_that_are_gone_nor_those_that_are_not_bound) {
  const std::vector<pid_t> workers = {::getpid(), 1 << 22};
  BOOST_TEST(processor_for_worker(ours.size(), workers).value() == *ours.begin());
}

BOOST_AUTO_TEST_SUITE_END()
