#pragma once
// One database connection's driver: hands what happens to its flow and carries out, with Asio and libpq, what
// the flow asks for. What is decided is in flow.h.

#include <array>
#include <functional>
#include <memory>

#include "base/awaitable.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "postgres/connector.h"
#include "postgres/flow.h"
#include "postgres/libpq_connection.h"
#include "postgres/observer.h"

namespace tasklane {

class Pipeline {
 public:
  // What the connections of a pool have in common.
  struct Setting {
    Connector::Setting connector;
    std::chrono::milliseconds deadline;  // of a batch
    std::function<void(Job)> place;      // finds another connection, or refuses
    std::function<void()> changed;  // the connection's phase has changed, or an attempt to connect has ended
  };

  Pipeline(boost::asio::io_context& loop, const Setting& setting, Observer& observer);
  ~Pipeline();

  const Flow& flow() const { return flow_; }
  // To connect: the one under way, or the last.
  const Connector::Attempt& attempt() const { return connector_.attempt(); }

  // A job needs a connection.
  void want();
  void submit(Job job);
  void tick(Clock::time_point now);
  void give_way();  // to another connection that is up

 private:
  using Connection = std::shared_ptr<LibpqConnection>;

  void apply(FlowActions& actions);
  void drop();
  boost::asio::awaitable<void> connect();
  boost::asio::awaitable<void> read_on(Connection connection);
  void read(LibpqConnection& connection, FlowActions& actions);
  void end_turn();
  void send(std::size_t from, std::size_t to);
  bool queue(Batch& batch, const Batch::Step& step);
  void roll_back();
  void flush();
  void flush_on();
  void lose();
  ConnectionPhase phase() const;
  void observe_changes();

  boost::asio::io_context& loop_;
  const Setting& setting_;
  Observer& observer_;
  Connector connector_;
  Flow flow_;
  Connection connection_;                         // null: there is none
  boost::asio::posix::stream_descriptor socket_;  // libpq's own descriptor, borrowed
  // As the observer has them.
  std::size_t in_flight_ = 0;
  ConnectionPhase phase_ = ConnectionPhase::none;
};

}  // namespace tasklane
