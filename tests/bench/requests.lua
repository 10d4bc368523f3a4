-- wrk script: GET /api/tasks for a random user, or POST with CREATE=1. TOKENS names a file with one token a line;
-- without it no token is sent and 401 is the expected answer. Ends with one line of figures for scripts/bench.
local tokens = {}
local path = os.getenv("TOKENS")
local creates = os.getenv("CREATE") == "1"
local expected = not path and 401 or creates and 201 or 200
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("seed", #threads)
end

function init()
  math.randomseed(seed)
  unexpected = 0
  if path then
    for line in io.lines(path) do
      local headers = { Authorization = "Bearer " .. line }
      if creates then headers["Content-Type"] = "application/json" end
      tokens[#tokens + 1] = wrk.format(creates and "POST" or "GET", "/api/tasks", headers,
        creates and '{"title": "A task", "description": "In about the length of a sentence."}' or nil)
    end
  else
    tokens[1] = wrk.format("GET", "/api/tasks")
  end
end

function request()
  return tokens[math.random(#tokens)]
end

function response(status)
  if status ~= expected then unexpected = unexpected + 1 end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do failed = failed + thread:get("unexpected") end
  io.write(string.format("figures %.0f %.1f %.1f %.1f %d %d\n", summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, failed, summary.requests))
end
