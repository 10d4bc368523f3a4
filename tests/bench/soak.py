"""What scripts/soak runs, as `bench.soak REQUESTS WORKERS`: many list requests to one stack, with an eye on the memory of
its workers, which must hold still once their caches are full."""

import sys

from bench.load import closed
from bench.proc import resident_mb
from bench.stacks import Seeded

STEPS = 10
CHANGE_MAX, RESIDENT_MAX_MB = 0.05, 40


def soak(seeded, requests):
    """[{worker: resident MB}] after each step, and how many requests were sent and failed."""
    seen, sent, failed = [], 0, 0
    while sent < requests:
        figures = closed(seeded, "list", 64, 3)
        sent, failed = sent + figures["requests"], failed + figures["failed"] + figures["unavailable"]
        if sent * STEPS >= (len(seen) + 1) * requests or sent >= requests:
            seen.append({pid: resident_mb(pid) for pid in seeded.stack.worker_pids()})
            print(f"{sent:12,} requests, MB: " + ", ".join(f"{mb:.1f}" for mb in seen[-1].values()), flush=True)
    return seen, sent, failed


def main():
    requests, workers = map(int, sys.argv[1:])
    seeded = Seeded(workers)
    try:
        seen, sent, failed = soak(seeded, requests)
    finally:
        seeded.stop()
    first = seen[0]
    change = max(abs(each.get(pid, 0) / mb - 1) for each in seen for pid, mb in first.items())  # another process: 1
    largest = max(mb for each in seen for mb in each.values())
    print(f"{sent:,} requests, {failed} failed; largest change {change:.1%}, largest worker {largest:.1f} MB")
    return 0 if change <= CHANGE_MAX and largest <= RESIDENT_MAX_MB and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
