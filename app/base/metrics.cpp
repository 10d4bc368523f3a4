#include "base/metrics.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace tasklane {

static_assert(Counter::is_always_lock_free, "shared between processes");

void clear_gauges(WorkerMetrics& slot) {
  for (Counter* gauge : {&slot.pid, &slot.generation, &slot.started_at_seconds, &slot.fastcgi_connections,
                         &slot.requests_in_flight, &slot.requests_in_flight_max,
                         &slot.database_connections_ready, &slot.database_connections_connecting,
                         &slot.database_connections_down, &slot.database_statements_in_flight,
                         &slot.database_unnamed, &slot.heartbeat, &slot.requests_answered}) {
    gauge->store(0, std::memory_order_relaxed);
  }
}

Metrics::Metrics(Descriptor fd, bool fresh) : fd_(std::move(fd)) {
  if (fresh && ::ftruncate(fd_.get(), sizeof(MetricsLayout)) != 0)
    throw std::system_error(errno, std::generic_category(), "metrics: ftruncate");
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0)
    throw std::system_error(errno, std::generic_category(), "metrics: fstat");
  if (status.st_size != static_cast<off_t>(sizeof(MetricsLayout)))  // reading past a file's end is SIGBUS
    throw std::system_error(EPROTO, std::generic_category(), "metrics: memory of another size");
  void* memory = ::mmap(nullptr, sizeof(MetricsLayout), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "metrics: mmap");
  layout_ = static_cast<MetricsLayout*>(memory);  // all zero is its initial value
  if (fresh) {
    layout_->version = kMetricsVersion;
    auto& key = layout_->user_buckets.key;
    if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
      throw std::system_error(errno, std::generic_category(), "metrics: getrandom");
  }
  if (layout_->version == kMetricsVersion) return;
  ::munmap(memory, sizeof(MetricsLayout));
  throw std::system_error(EPROTO, std::generic_category(), "metrics: another version's memory");
}

Metrics Metrics::create() {
  Descriptor fd(::memfd_create("tasklane-metrics", MFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "metrics: memfd_create");
  return Metrics(std::move(fd), true);
}

Metrics Metrics::open(Descriptor fd) {
  return Metrics(std::move(fd), false);
}

Metrics::Metrics(Metrics&& other) noexcept
    : fd_(std::move(other.fd_)), layout_(std::exchange(other.layout_, nullptr)) {}

Metrics::~Metrics() {
  if (layout_ != nullptr) ::munmap(layout_, sizeof(MetricsLayout));
}

}  // namespace tasklane
