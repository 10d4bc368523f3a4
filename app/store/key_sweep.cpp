#include "store/key_sweep.h"

#include <utility>

#include "base/state_files.h"
#include "store/statements.h"

namespace tasklane {

KeySweep::KeySweep(ConnectionPool& pool, WorkerMetrics& metrics, Clock::duration interval,
                   std::string read_only)
    : pool_(pool),
      metrics_(metrics),
      read_only_(std::move(read_only)),
      pauses_(interval.count() / 2, interval.count() * 3 / 2) {
  pause();
}

void KeySweep::sweep() {
  if (!read_only_.empty() && is_there(read_only_)) return pause();
  under_way_ = true;
  pool_.run_beside(statements::kSweepKeys, [this](const Result<Rows>& deleted) { take(deleted); });
}

// After a full measure there may be more: the next statement takes it along.
void KeySweep::take(const Result<Rows>& deleted) {
  under_way_ = false;
  const auto removed = deleted ? static_cast<std::uint64_t>(deleted->affected()) : 0;
  add(metrics_.idempotency_keys_removed, removed);
  if (removed < limits::kKeySweepKeysMax) pause();
}

void KeySweep::pause() {
  due_ = Clock::now() + Clock::duration(pauses_(random_));
}

}  // namespace tasklane
