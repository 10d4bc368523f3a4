#include "worker/master_channel.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/limits.h"
#include "base/log.h"
#include "base/worker_words.h"

namespace tasklane {

namespace {

// Cut where the master would cut it. Whether it was taken.
bool send(int fd, std::string_view word, std::string_view why) {
  std::string message = std::string(word) + std::string(why);
  if (message.size() > limits::kLastWordsMaxBytes) message.resize(limits::kLastWordsMaxBytes);
  return ::send(fd, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(message.size());
}

}  // namespace

void tell_failure(std::string_view why) {
  send(kMasterFd, words::kFailed, why);  // no socket: nobody is told
}

MasterChannel::MasterChannel(boost::asio::io_context& loop, Descriptor fd) : socket_(loop, fd.release()) {}

void MasterChannel::listen(std::function<void(std::string_view)> hear) {
  hear_ = std::move(hear);
  wait();
}

void MasterChannel::wait() {
  socket_.async_wait(
      boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;
        char bytes[limits::kLastWordsMaxBytes];
        ssize_t count = 0;
        while ((count = ::recv(socket_.native_handle(), bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
          hear_(std::string_view(bytes, static_cast<std::size_t>(count)));
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) wait();
      });
}

void MasterChannel::say(std::string_view word, std::string_view why) {
  if (!send(socket_.native_handle(), word, why)) log::warning("cannot tell the master", {{"word", word}});
}

void MasterChannel::say_ready(const Lack& lack) {
  say(lack.word.empty() ? words::kReady : lack.word, lack.why);
}

}  // namespace tasklane
