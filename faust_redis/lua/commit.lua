#!lua flags=allow-oom
-- Everything that one batch wrote and its position, together or not at all.
--
-- KEYS cursor, tables, streams, [dead stream], strings
-- ARGV 1 token  2 expected position  3 new position  4 lease in ms  5 records
--      6 tables  7 streams  8 dead letters  9 strings
--      per table: fields put, fields removed; per stream: entries
--      then per table field, value … and field …; per stream value …;
--      per dead letter raw, reason, error, position, app; per string value
--
-- Lua does not roll back, so all that can be wrong is looked for before the first write.
local FIRST, CHUNK = 10, 1000
local token, expected, position = ARGV[1], ARGV[2], ARGV[3]
local cursor = redis.call('HMGET', KEYS[1], 'token', 'position')
if cursor[1] ~= token or token == '' then return 'FENCED' end
if cursor[2] ~= expected then return 'CONFLICT' end

local function whole(i)
  local n = tonumber(ARGV[i])
  if n == nil or n < 0 or n ~= math.floor(n) then return nil end
  return n
end

local lease_ms, records = whole(4), whole(5)
local tables, streams, dead, strings = whole(6), whole(7), whole(8), whole(9)
if not (lease_ms and records and tables and streams and dead and strings) then
  return redis.error_reply('INVALID a count is not a whole number')
end
if not string.match(position, '^%d+%-%d+$') then
  return redis.error_reply('INVALID the position is not ms-seq')
end
local letters = dead > 0 and 1 or 0
if #KEYS ~= 1 + tables + streams + letters + strings then
  return redis.error_reply('INVALID the keys do not add up')
end
local values = FIRST + 2 * tables + streams
local needed = values - 1
for i = FIRST, FIRST + 2 * tables - 1 do
  local n = whole(i)
  if n == nil then return redis.error_reply('INVALID a count is not a whole number') end
  needed = needed + ((i - FIRST) % 2 == 0 and 2 * n or n)
end
for i = FIRST + 2 * tables, values - 1 do
  local n = whole(i)
  if n == nil then return redis.error_reply('INVALID a count is not a whole number') end
  needed = needed + n
end
needed = needed + 5 * dead + strings
if #ARGV ~= needed then return redis.error_reply('INVALID the arguments do not add up') end

local function refuse(key, want)
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return nil end
  if kind ~= want then
    return redis.error_reply('WRONGTYPE ' .. key .. ' holds a ' .. kind .. ', not a ' .. want)
  end
  if want == 'stream' then
    local info = redis.call('XINFO', 'STREAM', key)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id'
        and info[i + 1] == '18446744073709551615-18446744073709551615' then
        return redis.error_reply('INVALID ' .. key .. ' is at the last id there is')
      end
    end
  end
  return nil
end

for k = 2, 1 + tables do
  local no = refuse(KEYS[k], 'hash')
  if no then return no end
end
for k = 2 + tables, 1 + tables + streams + letters do
  local no = refuse(KEYS[k], 'stream')
  if no then return no end
end

-- From here on nothing fails. Many values go in one call, a chunk at a time: unpack of some
-- thousands overflows Lua's stack.
local at = values
local function spread(command, key, n)
  local last = at + n - 1
  while at <= last do
    local upto = math.min(at + CHUNK - 1, last)
    redis.call(command, key, unpack(ARGV, at, upto))
    at = upto + 1
  end
end
for t = 1, tables do
  local counts = FIRST + 2 * (t - 1)
  spread('HSET', KEYS[1 + t], 2 * tonumber(ARGV[counts]))
  spread('HDEL', KEYS[1 + t], tonumber(ARGV[counts + 1]))
end
for s = 1, streams do
  local key = KEYS[1 + tables + s]
  for i = at, at + tonumber(ARGV[FIRST + 2 * tables + s - 1]) - 1 do
    redis.call('XADD', key, '*', 'e', ARGV[i])
    at = i + 1
  end
end
for _ = 1, dead do
  redis.call('XADD', KEYS[2 + tables + streams], '*', 'raw', ARGV[at], 'reason', ARGV[at + 1],
    'error', ARGV[at + 2], 'position', ARGV[at + 3], 'app', ARGV[at + 4])
  at = at + 5
end
for s = 1, strings do
  redis.call('SET', KEYS[1 + tables + streams + letters + s], ARGV[at])
  at = at + 1
end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], 'position', position,
  'lease_until_ms', string.format('%.0f', now_ms + lease_ms))
if records > 0 then redis.call('HINCRBY', KEYS[1], 'count', ARGV[5]) end
return 'OK'
