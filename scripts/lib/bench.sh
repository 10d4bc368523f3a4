# A stack of its own with 10,000 users and 10 tasks each, for measurements.
# shellcheck shell=bash disable=SC2154  # work and database are the callers'

# start_bench_stack STATE PORT WORKERS: seeded and ready; its log and its tokens in the folder $work.
start_bench_stack() {
  scripts/install-packages --tests
  LOG_FORMAT=json scripts/up --detach --no-frontend --state "$1" --port "$2" --workers "$3" >"$work/up.log" 2>&1 ||
    { cat "$work/up.log" >&2; return 1; }
  local secret
  database=$(bench_setting "$1" DATABASE_URL_DIRECT)
  secret=$(bench_setting "$1" BETTER_AUTH_SECRET)
  psql "$database" -qX -f tests/bench/seed.sql
  BETTER_AUTH_SECRET=$secret /usr/bin/python3 tests/bench/tokens.py 10000 >"$work/tokens"
}

bench_setting() { sed -n "s/^$2=//p" "$1/tasklane.env" | tail -n 1 | sed "s/^[\"']//; s/[\"']\$//"; }

# list_tasks CONNECTIONS SECONDS PORT: requests/s, p50, p95 and p99 in ms, failed, requests.
list_tasks() {
  TOKENS=$work/tokens wrk -t2 -c"$1" -d"$2s" -s tests/bench/requests.lua "https://127.0.0.1:$3" | sed -n 's/^figures //p'
}

# worker_memory STATE: a line for each worker, its process id and resident KiB.
worker_memory() {
  local pid
  for pid in $(pgrep -P "$(cat "$1/run/master.pid")"); do
    awk -v pid="$pid" '/^VmRSS/ {print pid, $2}' "/proc/$pid/status"
  done
}
