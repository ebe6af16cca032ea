-- What wrk sends: rows in turn, or the body in $BODY again and again. Ends with one line for benchmark.py.
local rows, line = tonumber(os.getenv("ROWS")), 0
local place = os.getenv("PLACE") or "/prediction"
local body

function init()
  if os.getenv("BODY") then body = io.open(os.getenv("BODY")):read("a") end
end

function request()
  if body then return wrk.format("POST", place, { ["Content-Type"] = "application/json" }, body) end
  line = (line + 7919) % rows
  return wrk.format("GET", "/prediction/" .. line)
end

function done(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  print(string.format("RESULT %d %d %d %d %d", summary.requests, failed, summary.duration, latency:percentile(50), latency:percentile(95)))
end
