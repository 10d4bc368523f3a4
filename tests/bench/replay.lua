-- wrk script: sends the requests of the file REQUESTS, at random or, with ORDER=turn, one after the other. Ends with one
-- line of JSON. With EXPECTED, such as "200 201", every status must be one of these; 503 is counted by itself. That makes
-- wrk hand every answer over to Lua, a sixth of its own time: without, it only counts the statuses from 400 on.
--
-- The file (the tests' harness/replay.py makes it) has the size of a cell in five digits, then cells: the length of a request in five
-- digits, the request, blanks. It is read whole and cut up only as it goes: wrk's first thread is at work already
-- while its second gets ready, so getting ready must take no time.
local blob, cell, count, at, step, random
local threads, expected = {}, {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init()
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  cell = tonumber(file:read(5))
  blob = file:read("*a")
  file:close()
  count = #blob / cell
  random = os.getenv("ORDER") ~= "turn"
  at, step = number, tonumber(os.getenv("THREADS"))
  for status in (os.getenv("EXPECTED") or ""):gmatch("%d+") do expected[tonumber(status)] = true end
  unavailable, wrong = 0, 0
  math.randomseed(number)
end

function request()
  if random then
    at = math.random(0, count - 1)
  else
    at = (at + step) % count
  end
  local start = at * cell
  return blob:sub(start + 6, start + 5 + tonumber(blob:sub(start + 1, start + 5)))
end

if os.getenv("EXPECTED") then
  function response(status)
    if expected[status] then return end
    if status == 503 then unavailable = unavailable + 1 else wrong = wrong + 1 end
  end
end

function done(summary, latency)
  local errors, other, busy = summary.errors, 0, 0
  for _, thread in ipairs(threads) do
    other = other + thread:get("wrong")
    busy = busy + thread:get("unavailable")
  end
  local function ms(part) return latency:percentile(part) / 1e3 end
  io.write(string.format('\n{"requests":%d,"seconds":%.6f,"bytes":%d,"p50_ms":%.3f,"p95_ms":%.3f,"p99_ms":%.3f,'
    .. '"max_ms":%.3f,"from_400":%d,"unavailable":%d,"wrong":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, ms(50), ms(95), ms(99), latency.max / 1e3, errors.status, busy,
    other, errors.connect, errors.read, errors.write, errors.timeout))
end
