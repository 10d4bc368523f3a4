#include "supervisor/handover.h"

#include <boost/test/unit_test.hpp>

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

Handover::GivenGeneration given(std::uint64_t number, const PoolSettings& settings, int fd) {
  return {.number = number,
          .adjustable = {.pool = settings,
                         .retire_at = {.requests = 1000, .rss_bytes = 1 << 20},
                         .drain_delay = 7s,
                         .cpu_affinity = true,
                         .log_level = LogLevel::debug,
                         .log_format = LogFormat::json},
          .values_fd = fd,
          .keys_fd = fd + 1};
}

Handover example() {
  const PoolSettings settings{.workers = 2, .drain_timeout = 30s};
  Pool pool(settings);
  Pool::Time now{5s};
  pool.start(now);
  pool.spawned(now, 0, 11);
  pool.spawned(now, 1, 12);
  pool.ready(now, 11);
  pool.ready(now, 12);
  pool.exited(now, 12, false);
  PoolSettings wanted = settings;
  wanted.workers = 3;
  pool.reload(now, wanted);
  for (std::size_t slot = 2; slot < 5; ++slot) pool.spawned(now, slot, static_cast<pid_t>(20 + slot));
  pool.reload(now, settings);
  return {.pool = pool.state(),
          .generations = {given(1, settings, 20), given(2, wanted, 22), given(3, settings, 24)},
          .listen_fd = 7,
          .listen_path = "/run/a b/tasklane.sock",
          .control_fd = 8,
          .control_path = "",
          .tcp_listen_fd = 30,
          .tcp_address = "[::1]:9000",
          .metrics_fd = 9,
          .channels = {{.slot = 2, .fd = 10}},
          .waiters = {{.fd = 12, .generation = Control::kUpgrade}, {.fd = 13, .generation = 3}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handover)

BOOST_AUTO_TEST_CASE(brings_back_all_that_was_handed_over) {
  const Handover before = example();
  const auto after = decode(encode(before));
  BOOST_REQUIRE_MESSAGE(after.has_value(), (after ? "" : after.error()));
  BOOST_TEST(encode(*after) == encode(before));
  BOOST_TEST(after->listen_path == before.listen_path);
  BOOST_TEST(after->tcp_address == "[::1]:9000");
  BOOST_TEST(after->pool.wanted->workers == 2U);
  BOOST_TEST((after->pool.slots[1].deadline == before.pool.slots[1].deadline));
  BOOST_TEST((after->descriptors() == std::vector<int>{7, 9, 8, 30, 20, 21, 22, 23, 24, 25, 10, 12, 13}));
}

BOOST_AUTO_TEST_CASE(lets_the_pool_go_on_where_it_was) {
  auto after = decode(encode(example()));
  BOOST_REQUIRE(after.has_value());
  Pool pool(after->pool);
  const Pool::Time now{6s};
  for (const pid_t pid : {22, 23}) BOOST_TEST(pool.ready(now, pid).empty());
  const Actions actions = pool.ready(now, 24);
  BOOST_REQUIRE(!actions.empty());
  BOOST_TEST(std::get<ReloadDone>(actions[0]).generation == 2U);
  BOOST_TEST(pool.serving_workers() == 3U);
}

// As masters hand it over that know of no socket by TCP, and those that have none.
BOOST_AUTO_TEST_CASE(takes_over_without_a_socket_by_tcp) {
  std::string text = encode(example());
  const std::string_view line = "listen_tcp 30 [::1]:9000\n";
  text.erase(text.find(line), line.size());
  const auto after = decode(text);
  BOOST_REQUIRE_MESSAGE(after.has_value(), (after ? "" : after.error()));
  BOOST_TEST(after->tcp_listen_fd == -1);
  BOOST_TEST(encode(*after) == text);
}

BOOST_AUTO_TEST_CASE(refuses_another_version) {
  std::string text = encode(example());
  text.replace(text.find(" 2\n"), 3, " 1\n");
  BOOST_TEST(!decode(text).has_value());
  BOOST_TEST(!decode("").has_value());
}

BOOST_AUTO_TEST_CASE(refuses_a_state_that_is_cut_anywhere_or_not_understood) {
  const std::string text = encode(example());
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    BOOST_TEST(!decode(std::string_view(text).substr(0, length)).has_value());
  BOOST_TEST(!decode(text.substr(0, text.size() - 4) + "novelty 1\nend\n").has_value());
}

BOOST_AUTO_TEST_CASE(refuses_values_out_of_their_bounds) {
  for (const auto& [good, bad] :
       {std::pair("\nsettings 2 ", "\nsettings 65 "), std::pair("\nslot 5 ", "\nslot 55 "),
        std::pair("\nchannel 2 ", "\nchannel 99 "), std::pair(" 1048576 7000 1 0 1 ", " 1048576 7000 1 9 1 "),
        std::pair(" 1048576 7000 ", " 1048576 90000000 ")}) {
    std::string text = encode(example());
    const auto at = text.find(good);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, std::string_view(good).size(), bad);
    BOOST_TEST(!decode(text).has_value(), bad);
  }
}

// A pool would end the master over them, or send signals to the wrong process.
BOOST_AUTO_TEST_CASE(refuses_a_state_that_no_pool_can_be_in) {
  for (const auto& [good, bad] : {
           std::pair("\ngeneration 1 0 ", "\ngeneration 1 2 "),        // none serves
           std::pair("\ngeneration 2 1 ", "\ngeneration 2 0 "),        // two serve
           std::pair("\ngeneration 2 1 ", "\ngeneration 1 1 "),        // two of one number
           std::pair("\ngeneration 2 1 ", "\ngeneration 3 1 "),        // newer than the newest
           std::pair("\ngeneration 2 1 -1 ", "\ngeneration 2 1 99 "),  // failed by a slot that is none
           std::pair("\nslot 5 1 11 ", "\nslot 5 1 0 "),
           std::pair("\nslot 5 1 11 ", "\nslot 5 1 -1 "),
           std::pair("\nslot 5 1 11 ", "\nslot 5 9 11 "),
           std::pair("\ngeneration 2 1 -1 3 ", "\ngeneration 2 1 -1 1 "),  // with two slots too many
           std::pair("\ngiven 2 22 23 ", "\ngiven 4 22 23 "),              // one has nothing to give
           std::pair("\ngiven 2 22 23 ", "\ngiven 1 22 23 "),
           std::pair("\ngiven 3 24 25 ", "\ngiven 2 24 25 "),  // nor has the one that waits
           std::pair("\ngiven 1 20 21 ", "\ngiven 1 -20 21 "),
           std::pair("\nsettings 2 30000 ", "\nsettings 2 -1 "),
           std::pair("\nsettings 2 30000 ", "\nsettings 2 9223372036854775807 "),
           std::pair("\nsettings 2 30000 10000 100 ", "\nsettings 2 30000 10000 0 "),  // doubled for ever
           std::pair("\nretire_not_before 0", "\nretire_not_before -9223372036854775808"),
           std::pair("\nnewest 2\n", "\nnewest 2 x\n"),
           std::pair("\nwaiter 12 ", "\nwaiter -12 "),
           std::pair("\nlisten_tcp 30 ", "\nlisten_tcp -1 "),
           std::pair("\nlisten_tcp 30 [::1]:9000", "\nlisten_tcp 30"),
       }) {
    std::string text = encode(example());
    const auto at = text.find(good);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, text);
    text.replace(at, std::string_view(good).size(), bad);
    BOOST_TEST(!decode(text).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(passes_through_a_memfd) {
  const std::string text = encode(example());
  const Descriptor fd = write_state(text);
  const auto state = read_state(fd.get());
  BOOST_REQUIRE(state.has_value());
  BOOST_TEST(encode(*state) == text);
}

BOOST_AUTO_TEST_SUITE_END()
