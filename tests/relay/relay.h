#pragma once
// Accepts connections in Postgres' place and links them to the real one. Commands, one per line, each
// answered by one line ("ok", the counts, or "error: …"):
//
//   delay MS           holds back every byte from now on for so long, each way (a fraction is fine)
//   cut                cuts every connection
//   cut-query [N]      forwards each of the next N requests (1), then cuts its connection before the reply
//   swallow [N]        keeps the replies to each of the next N batches with a write (1) until the server has
//                      committed it, then cuts its connection
//   stall | flow       stops carrying bytes, in the connections there are and in new ones | carries on
//   refuse             closes the listener: new connections are refused by the kernel, and not counted
//   hangup             accepts new connections and closes them at once
//   mute               accepts new connections and never says a word
//   accept             serves new connections again
//   gate WAKE_MS IDLE_MS   a server that scales to zero: after IDLE_MS without a byte it ends all connections
//                      (57P01), and the next connection waits WAKE_MS for it; IDLE_MS 0: only by `suspend`
//   suspend            that server falls asleep now
//   counts             JSON: see Traffic
//
// Connections in TLS are carried, delayed, cut and stalled; nothing can be read in them, so that cut-query
// and swallow pass them by.

#include <boost/asio/basic_socket_acceptor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/awaitable.h"
#include "link.h"

namespace relay {

class Relay {
 public:
  // Addresses are the path of a unix socket, or a port of 127.0.0.1. Throws when it cannot listen.
  Relay(boost::asio::io_context& loop, const std::string& listen, const std::string& server);
  ~Relay();  // cuts every link: they refer to this

  std::string obey(std::string_view line);

 private:
  enum class Door { open, hangup, mute };

  void open_door();
  boost::asio::awaitable<void> admit();
  void welcome(Socket client);
  boost::asio::awaitable<void> watch_idleness();
  void suspend();
  template <class Act>
  void each_link(Act act);
  std::string counts() const;

  boost::asio::io_context& loop_;
  Endpoint address_;
  std::string path_;  // of a unix socket
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
  Door door_ = Door::open;
  Traffic traffic_;
  std::vector<std::weak_ptr<Link>> links_;
  std::vector<Socket> muted_;

  bool asleep_ = false;
  Clock::time_point awake_at_{};
  std::chrono::milliseconds wake_{0};
  std::chrono::milliseconds idle_{0};
  std::uint64_t sleeps_ = 0;
  boost::asio::steady_timer idle_timer_;
};

}  // namespace relay
