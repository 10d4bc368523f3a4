#include "relay.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sstream>
#include <stdexcept>

#include "base/text.h"

namespace relay {

namespace asio = boost::asio;

namespace {

Endpoint endpoint_of(const std::string& address) {
  if (address.find('/') != address.npos) return asio::local::stream_protocol::endpoint(address);
  const auto port = tasklane::parse_number<unsigned short>(address);
  if (!port) throw std::runtime_error(address + " is no address");
  return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), *port);
}

}  // namespace

Relay::Relay(asio::io_context& loop, const std::string& listen, const std::string& server)
    : loop_(loop),
      address_(endpoint_of(listen)),
      path_(listen.find('/') == listen.npos ? "" : listen),
      acceptor_(loop),
      idle_timer_(loop) {
  traffic_.server = endpoint_of(server);
  open_door();
  asio::co_spawn(loop_, watch_idleness(), asio::detached);
}

template <class Act>
void Relay::each_link(Act act) {
  for (const auto& each : links_) {
    if (const auto link = each.lock()) act(*link);
  }
}

Relay::~Relay() {
  each_link([](Link& link) { link.cut(); });
  if (!path_.empty()) ::unlink(path_.c_str());
}

void Relay::open_door() {
  door_ = Door::open;
  if (acceptor_.is_open()) return;
  if (!path_.empty()) ::unlink(path_.c_str());
  acceptor_.open(address_.protocol());
  if (path_.empty()) acceptor_.set_option(asio::socket_base::reuse_address(true));
  acceptor_.bind(address_);
  acceptor_.listen();
  if (!path_.empty()) ::chmod(path_.c_str(), 0777);  // workers may run as another user
  asio::co_spawn(loop_, admit(), asio::detached);
}

asio::awaitable<void> Relay::admit() {
  while (true) {
    Socket client(loop_);
    boost::system::error_code error;
    co_await acceptor_.async_accept(client, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;  // closed
    welcome(std::move(client));
  }
}

void Relay::welcome(Socket client) {
  ++traffic_.connections;
  switch (door_) {
    case Door::hangup:
      return;
    case Door::mute:
      muted_.push_back(std::move(client));
      return;
    case Door::open:
      break;
  }
  const auto now = Clock::now();
  traffic_.active = now;
  if (std::exchange(asleep_, false)) awake_at_ = now + wake_;
  std::erase_if(links_, [](const auto& link) { return link.expired(); });
  const auto link = std::make_shared<Link>(loop_, traffic_, std::move(client));
  links_.push_back(link);
  link->start(awake_at_);
}

asio::awaitable<void> Relay::watch_idleness() {
  while (true) {
    idle_timer_.expires_after(std::chrono::milliseconds(20));
    co_await idle_timer_.async_wait(asio::use_awaitable);
    const auto now = Clock::now();
    if (idle_.count() > 0 && !asleep_ && now >= awake_at_ && now - traffic_.active >= idle_) suspend();
  }
}

void Relay::suspend() {
  asleep_ = true;
  ++sleeps_;
  each_link([](Link& link) { link.end("57P01", "terminating connection due to administrator command"); });
}

std::string Relay::obey(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string command;
  words >> command;
  double first = -1, second = 0;
  words >> first >> second;
  const int times = first < 0 ? 1 : static_cast<int>(first);
  if (command == "counts") return counts();
  if (command == "delay" && first >= 0) {
    traffic_.delay = std::chrono::microseconds(static_cast<long>(first * 1000));
  } else if (command == "cut") {
    muted_.clear();
    each_link([](Link& link) { link.cut(); });
  } else if (command == "cut-query") {
    traffic_.cut_queries = times;
  } else if (command == "swallow") {
    traffic_.swallows = times;
  } else if (command == "stall" || command == "flow") {
    traffic_.stalled = command == "stall";
    each_link([](Link& link) { link.poke(); });
  } else if (command == "refuse") {
    acceptor_.close();
  } else if (command == "hangup" || command == "mute") {
    open_door();
    door_ = command == "mute" ? Door::mute : Door::hangup;
  } else if (command == "accept") {
    open_door();
  } else if (command == "gate" && first >= 0) {
    wake_ = std::chrono::milliseconds(static_cast<long>(first));
    idle_ = std::chrono::milliseconds(static_cast<long>(second));
  } else if (command == "suspend") {
    suspend();
  } else {
    return fmt::format("error: what is \"{}\"?", line);
  }
  return "ok";
}

std::string Relay::counts() const {
  const Traffic& t = traffic_;
  return fmt::format(
      R"({{"connections":{},"unreached":{},"sessions":{},"cancels":{},"open":{},"open_max":{},"turns":{},)"
      R"("requests":{},"statements":{},"cut":{},"swallowed":{},"sleeps":{},"bytes":{},"quiet_ms":{}}})",
      t.connections, t.unreached, t.sessions, t.cancels, t.open, t.open_max, t.turns, t.requests,
      t.statements, t.cut, t.swallowed, sleeps_, t.bytes,
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - t.active).count());
}

}  // namespace relay
