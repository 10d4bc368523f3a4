#pragma once
// What a master hands to a worker, and the one owner of a file descriptor.
//
// The worker finds its inheritance at fixed numbers, as with systemd's sd_listen_fds(3), and its place in the
// pool in two variables of the environment.

#include <unistd.h>

#include <utility>

namespace tasklane {

inline constexpr int kListenFd = 3;   // the FastCGI socket, listening, non-blocking
inline constexpr int kMasterFd = 4;   // a SOCK_SEQPACKET socket to the master: base/worker_words.h
inline constexpr int kMetricsFd = 5;  // memfd of base/metrics.h
inline constexpr int kValuesFd = 6;   // memfd of base/handed_values.h: its generation's configuration
inline constexpr int kKeysFd = 7;     // memfd: the key file as a worker of its generation last read it whole
inline constexpr int kTcpListenFd = 8;  // FASTCGI_LISTEN, listening, non-blocking; not open: there is none

inline constexpr char kSlotVariable[] = "TASKLANE_SLOT";              // 0 … limits::kSlotsMax - 1
inline constexpr char kGenerationVariable[] = "TASKLANE_GENERATION";  // 1, 2, … one per reload

inline constexpr char kControlSuffix[] = ".control";  // behind FASTCGI_SOCKET: the master's control socket

// Closes what it owns. -1 owns nothing.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace tasklane
