#include "base/metrics.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <system_error>

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(begins_with_zeroes) {
  const Metrics metrics = Metrics::create();
  BOOST_TEST(metrics.layout().version == kMetricsVersion);
  const auto* const counters = reinterpret_cast<const Counter*>(&metrics.layout());
  BOOST_TEST(std::all_of(counters + 1, counters + offsetof(MetricsLayout, user_buckets) / sizeof(Counter),
                         [](const Counter& each) { return read(each) == 0; }));
}

BOOST_AUTO_TEST_CASE(is_one_memory_for_two_mappings) {
  Metrics master = Metrics::create();
  Metrics worker = Metrics::open(Descriptor(::dup(master.fd())));
  add(worker.layout().workers[3].database_batches, 5);
  add(master.layout().worker_restarts);
  BOOST_TEST(read(master.layout().workers[3].database_batches) == 5U);
  BOOST_TEST(read(worker.layout().worker_restarts) == 1U);
}

BOOST_AUTO_TEST_CASE(keeps_what_a_worker_counted_before_it_died) {
  Metrics master = Metrics::create();
  const pid_t pid = ::fork();
  if (pid == 0) {
    Metrics worker = Metrics::open(Descriptor(::dup(master.fd())));
    add(worker.layout().workers[0].token_cache_hits, 7);
    ::_exit(0);
  }
  int status = 0;
  BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
  BOOST_TEST(read(master.layout().workers[0].token_cache_hits) == 7U);
}

BOOST_AUTO_TEST_CASE(survives_being_moved) {
  Metrics first = Metrics::create();
  add(first.layout().worker_restarts, 2);
  const Metrics second = std::move(first);
  BOOST_TEST(read(second.layout().worker_restarts) == 2U);
}

BOOST_AUTO_TEST_CASE(clears_the_gauges_of_a_slot_and_none_of_its_counters) {
  Metrics metrics = Metrics::create();
  WorkerMetrics& slot = metrics.layout().workers[0];
  add(slot.pid, 42);
  add(slot.requests_in_flight, 3);
  add(slot.database_statements_in_flight, 2);
  add(slot.database_statements, 9);
  add(slot.requests[0][0][0], 9);
  clear_gauges(slot);
  BOOST_TEST(read(slot.pid) == 0U);
  BOOST_TEST(read(slot.requests_in_flight) == 0U);
  BOOST_TEST(read(slot.database_statements_in_flight) == 0U);
  BOOST_TEST(read(slot.database_statements) == 9U);
  BOOST_TEST(read(slot.requests[0][0][0]) == 9U);
}

BOOST_AUTO_TEST_CASE(refuses_memory_of_another_version_or_size) {
  Metrics metrics = Metrics::create();
  metrics.layout().version = kMetricsVersion + 1;
  BOOST_CHECK_THROW(Metrics::open(Descriptor(::dup(metrics.fd()))), std::system_error);
  Descriptor small(::memfd_create("small", MFD_CLOEXEC));
  BOOST_CHECK_THROW(Metrics::open(std::move(small)), std::system_error);
  BOOST_CHECK_THROW(Metrics::open(Descriptor()), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
