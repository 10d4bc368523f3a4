// The state that one master hands to the next, and the pool that goes on with it.

#include "supervisor/handover.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

namespace {

void play(Pool& pool, FuzzedDataProvider& events) {
  Pool::Time now{std::chrono::hours(1)};
  for (int turn = 0; turn < 20 && events.remaining_bytes() > 0; ++turn) {
    now += std::chrono::milliseconds(events.ConsumeIntegral<std::uint16_t>());
    const auto& slots = pool.slots();
    const std::size_t slot = slots.empty() ? 0 : events.ConsumeIntegral<std::uint8_t>() % slots.size();
    const pid_t pid = slots.empty() ? 0 : slots[slot].pid;
    switch (events.ConsumeIntegralInRange(0, 7)) {
      case 0:
        pool.tick(now);
        break;
      case 1:
        pool.ready(now, pid);
        break;
      case 2:
        pool.exited(now, pid, events.ConsumeBool());
        break;
      case 3:
        pool.reload(now, pool.state().settings);
        break;
      case 4:
        pool.retire(now, pid);
        break;
      case 5:
        pool.beat(now, pid, 1);
        break;
      case 6:
        pool.doubt(now, pid, events.ConsumeBool() ? Doubt::unfit : Doubt::unreachable);
        break;
      case 7:
        pool.answered(now, pid, events.ConsumeBool());
        break;
    }
    (void)pool.next_deadline();
  }
}

}  // namespace

// Events, a NUL, and the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const std::string_view events = take_until(text, '\0');
  const auto handover = decode(text);
  if (!handover) return 0;
  const std::string once = encode(*handover);
  const auto again = decode(once);
  require(again && encode(*again) == once, "what is taken over can be handed on");
  require(handover->pool.newest > 0, "there is a generation");
  Pool pool(handover->pool);
  require(pool.serving() > 0, "a generation serves");
  FuzzedDataProvider provider(reinterpret_cast<const std::uint8_t*>(events.data()), events.size());
  play(pool, provider);
  return 0;
}
