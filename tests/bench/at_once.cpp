// at_once SOCKET FOLDER PROCESSES: FastCGI workers that do nothing, as the limit of what nginx and the
// protocol allow. Each request is answered at once with what a real worker was recorded to say: the files
// list, get, create and toggle of FOLDER hold its header and body. Prints "ready"; ends with SIGTERM or when
// its stdin does. It trusts its peer, nginx: one request at a time on a kept connection, always with the
// id 1.

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "base/unix_address.h"
#include "supervisor/placement.h"

namespace {

// The FastCGI 1.0 specification, sections 3.3 and 8.
constexpr std::size_t kHeaderBytes = 8;
constexpr unsigned char kEndRequest = 3, kParams = 4, kStdin = 5, kStdout = 6;
constexpr std::size_t kContentMaxBytes = 65'535;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string record(unsigned char type, std::string_view content) {
  const auto high = static_cast<char>(content.size() >> 8), low = static_cast<char>(content.size() & 0xff);
  std::string made{1, static_cast<char>(type), 0, 1, high, low, 0, 0};
  return made.append(content);
}

std::string answer_from(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path.c_str());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::string answer;
  for (std::size_t at = 0; at < text.size(); at += kContentMaxBytes)
    answer += record(kStdout, std::string_view(text).substr(at, kContentMaxBytes));
  return answer + record(kStdout, {}) + record(kEndRequest, std::string_view("\0\0\0\0\0\0\0\0", 8));
}

struct Answers {
  std::string list, get, create, toggle;

  // A name and its value stand side by side in the parameters.
  const std::string& to(std::string_view params) const {
    if (params.find("REQUEST_METHODPOST") != params.npos) return create;
    if (params.find("REQUEST_METHODPATCH") != params.npos) return toggle;
    return params.find("REQUEST_URI/api/tasks/") != params.npos ? get : list;
  }
};

struct Connection {
  std::string unread, params;
};

std::size_t number(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) * 256u + static_cast<unsigned char>(bytes[at + 1]);
}

// Takes one record off what was read; false when it is not whole yet.
bool take_record(Connection& connection, int descriptor, const Answers& answers) {
  std::string& unread = connection.unread;
  if (unread.size() < kHeaderBytes) return false;
  const auto type = static_cast<unsigned char>(unread[1]);
  const std::size_t length = number(unread, 4);
  const std::size_t whole = kHeaderBytes + length + static_cast<unsigned char>(unread[6]);
  if (unread.size() < whole) return false;
  if (type == kParams) connection.params.append(unread, kHeaderBytes, length);
  unread.erase(0, whole);
  if (type == kStdin && length == 0) {
    const std::string& answer = answers.to(connection.params);
    connection.params.clear();
    if (::write(descriptor, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size()))
      ::shutdown(descriptor, SHUT_RDWR);
  }
  return true;
}

// One process: one thread, one read for each time that there is something to read.
[[noreturn]] void serve(int listener, const Answers& answers) {
  const int watch = ::epoll_create1(EPOLL_CLOEXEC);
  const auto add = [watch](int descriptor, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = descriptor}};
    if (::epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
  };
  add(listener, EPOLLIN | EPOLLEXCLUSIVE);
  std::unordered_map<int, Connection> connections;
  std::array<epoll_event, 256> events;
  std::array<char, 16'384> bytes;
  while (true) {
    const int count = ::epoll_wait(watch, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener) {
        const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted >= 0) add(accepted, EPOLLIN);
        continue;
      }
      const ssize_t size = ::read(descriptor, bytes.data(), bytes.size());
      if (size <= 0) {
        connections.erase(descriptor);
        ::close(descriptor);
        continue;
      }
      Connection& connection = connections[descriptor];
      connection.unread.append(bytes.data(), static_cast<std::size_t>(size));
      while (take_record(connection, descriptor, answers)) continue;
    }
  }
}

int listen_at(const std::string& path) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto address = tasklane::UnixAddress::of(path);
  if (!address || !address->bind(listener)) fail("bind");
  if (::chmod(path.c_str(), 0666) != 0) fail("chmod");  // nginx runs as another user
  if (::listen(listener, 4096) != 0) fail("listen");
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  const auto processes = argc == 4 ? tasklane::parse_number<std::size_t>(argv[3]) : std::nullopt;
  if (!processes) return 2;
  const std::string folder = std::string(argv[2]) + "/";
  const Answers answers{answer_from(folder + "list"), answer_from(folder + "get"),
                        answer_from(folder + "create"), answer_from(folder + "toggle")};
  ::signal(SIGPIPE, SIG_IGN);
  const int listener = listen_at(argv[1]);
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_BATCH, &none);  // as the workers do (app/worker/worker.cpp)
  std::vector<pid_t> workers;
  while (workers.size() < *processes) {
    const pid_t worker = ::fork();
    if (worker == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(listener, answers);
    }
    // Placed as the master places its workers.
    if (const auto processor = tasklane::processor_for_worker(*processes, workers))
      tasklane::bind_to_processor(worker, *processor);
    workers.push_back(worker);
  }
  std::puts("ready");
  std::fflush(stdout);
  char nothing;
  while (::read(STDIN_FILENO, &nothing, 1) > 0) continue;
}
