#pragma once
// An authenticator on a real event loop, with a key source that counts its loads and can be held up.

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "auth/authenticator.h"
#include "auth_fixtures.h"

namespace tasklane::fixtures {

namespace asio = boost::asio;

// An exception leaves by the loop.
inline constexpr auto kRethrow = [](std::exception_ptr fault) {
  if (fault) std::rethrow_exception(fault);
};

struct FakeSource : KeySource {
  explicit FakeSource(asio::io_context& loop) : gate(loop, asio::steady_timer::time_point::max()) {}

  asio::awaitable<Result<KeySet>> load() override {
    ++loads;
    boost::system::error_code opened;
    if (is_held) co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    if (throws) throw std::runtime_error("cannot happen");
    if (fails) co_return fail(ErrorType::service_unavailable, "Keys cannot be read");
    co_return keys;
  }

  KeySet keys;
  int loads = 0;
  bool fails = false;
  bool throws = false;
  bool is_held = false;
  asio::steady_timer gate;
};

inline JsonValue sample_file(const std::string& alg) {
  return read_json("better-auth/alg-" + alg + ".json");
}

inline std::string sample_token(const std::string& alg) {
  return text_at(sample_file(alg), "token.token");
}

inline KeySet sample_keys(const std::string& alg) {
  KeySet keys;
  BOOST_REQUIRE(keys.add_jwk_set(jwk_set_text(at(sample_file(alg), "jwks")), Algorithm::RS256));
  return keys;
}

struct Fixture {
  explicit Fixture(const std::string& secret = kSecret, TokenRules rules = {})
      : authenticator(secret.empty() ? std::vector<std::string>() : std::vector{secret},
                      std::unique_ptr<KeySource>(source), rules, 100, metrics, [this] { return now; }) {}

  // "user NAME", or the error's sentence.
  std::string authenticate(const std::string& authorization) {
    std::string answer = "no answer";
    start(authorization, answer);
    run();
    return answer;
  }
  std::string authenticate_token(const std::string& token) { return authenticate("Bearer " + token); }

  void start(const std::string& authorization, std::string& answer) {
    asio::co_spawn(loop, ask(authorization, answer), kRethrow);
  }
  void run() {
    loop.restart();
    loop.poll();
  }
  void open_gate() {
    source->is_held = false;
    source->gate.cancel();
  }
  std::string refresh() {
    std::string answer = "no answer";
    asio::co_spawn(loop, ask_refresh(answer), kRethrow);
    run();
    return answer;
  }

  std::uint64_t failures(TokenFault fault) const {
    return read(metrics.authentication_failures[static_cast<std::size_t>(fault)]);
  }
  std::uint64_t failures() const {
    std::uint64_t sum = 0;
    for (const Counter& counter : metrics.authentication_failures) sum += read(counter);
    return sum;
  }

  asio::io_context loop;
  WorkerMetrics metrics{};
  UnixTime now = kNow;
  FakeSource* source = new FakeSource(loop);  // the authenticator's
  Authenticator authenticator;
  Error error{};  // the last one

 private:
  asio::awaitable<void> ask(std::string authorization, std::string& answer) {
    if (const auto known = authenticator.recognise(authorization)) {
      answer = "user " + known->user.value();
      co_return;
    }
    const auto user = co_await authenticator.authenticate(authorization);
    if (!user) error = user.error();
    answer = user ? "user " + user->user.value() : user.error().detail;
  }
  asio::awaitable<void> ask_refresh(std::string& answer) {
    const auto done = co_await authenticator.refresh();
    answer = done ? "refreshed" : done.error().detail;
  }
};

}  // namespace tasklane::fixtures
