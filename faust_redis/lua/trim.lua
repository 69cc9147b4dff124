#!lua flags=allow-oom
-- Remove what every reader has committed and nobody wants to keep; never what one has not.
-- KEYS stream, cursor of each reader
-- ARGV keep records, keep ms or '', suffix of the readers' fields
-- Replies entries removed.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local function before(a, b)
  local a_ms, a_seq = parts(a)
  local b_ms, b_seq = parts(b)
  return a_ms < b_ms or (a_ms == b_ms and a_seq < b_seq)
end
local slowest
for k = 2, #KEYS do
  local own = redis.call('HMGET', KEYS[k], 'position' .. ARGV[3], 'position')
  local position = own[1] or own[2]
  -- A reader that has not begun holds everything.
  if not position then return 0 end
  if not slowest or before(position, slowest) then slowest = position end
end
if not slowest or slowest == '0-0' then return 0 end
local length, removed = redis.call('XLEN', KEYS[1]), 0
local keep = tonumber(ARGV[1])
-- The first entry to stay: after the slowest reader's position, young enough, or among the newest.
local ms, seq = parts(slowest)
local first = string.format('%.0f-%.0f', ms, seq + 1)
if ARGV[2] ~= '' then
  local clock = redis.call('TIME')
  local oldest = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[2])
  if oldest < 0 then oldest = 0 end
  local young = string.format('%.0f-0', oldest)
  if before(young, first) then first = young end
end
if keep > 0 then
  if length <= keep then return 0 end
  local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', keep)
  local kept = newest[#newest][1]
  if before(kept, first) then first = kept end
end
removed = redis.call('XTRIM', KEYS[1], 'MINID', first)
return removed
