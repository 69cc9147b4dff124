#!lua flags=allow-oom
-- Everything that one round wrote and its positions, together or not at all.
--
-- KEYS cursor, tables, plain streams, rich streams, strings
-- ARGV 1 token  2 lease in ms  3 '1' while records are handled one by one after a crash
--      4 topics  5 tables  6 plain streams  7 rich streams  8 strings
--      per topic: suffix of its cursor fields, expected position, new position, records
--      per table: fields put, fields removed; per plain stream: entries; per rich stream: entries
--      then per table field, value … and field …; per plain stream value …;
--      per rich entry the number of its words and its words; per string value
--
-- Lua does not roll back, so all that can be wrong is looked for before the first write.
local FIRST, CHUNK = 9, 1000
local token = ARGV[1]
-- Every call out of a script costs a microsecond or two: what the cursor holds is read in one.
local asked = {'token', 'suspect'}
for t = FIRST, FIRST - 1 + 4 * (tonumber(ARGV[4]) or 0), 4 do
  asked[#asked + 1] = 'position' .. (ARGV[t] or '')
  asked[#asked + 1] = 'count' .. (ARGV[t] or '')
end
local cursor = redis.call('HMGET', KEYS[1], unpack(asked))
if cursor[1] ~= token or token == '' then return 'FENCED' end

local function whole(i)
  local n = tonumber(ARGV[i])
  if n == nil or n < 0 or n ~= math.floor(n) then return nil end
  return n
end

local lease_ms, topics, tables = whole(2), whole(4), whole(5)
local plain, rich, strings = whole(6), whole(7), whole(8)
if not (lease_ms and topics and tables and plain and rich and strings) then
  return redis.error_reply('INVALID a count is not a whole number')
end
if #KEYS ~= 1 + tables + plain + rich + strings then
  return redis.error_reply('INVALID the keys do not add up')
end
local counts = FIRST + 4 * topics
local values = counts + 2 * tables + plain + rich
if #ARGV < values - 1 then return redis.error_reply('INVALID the arguments do not add up') end
local known = 3
for t = FIRST, counts - 1, 4 do
  if (cursor[known] or '0-0') ~= ARGV[t + 1] then return 'CONFLICT' end
  known = known + 2
  if not string.match(ARGV[t + 2], '^%d+%-%d+$') then
    return redis.error_reply('INVALID the position is not ms-seq')
  end
  if not whole(t + 3) then return redis.error_reply('INVALID a count is not a whole number') end
end
local needed = values - 1
for i = counts, values - 1 do
  local n = whole(i)
  if n == nil then return redis.error_reply('INVALID a count is not a whole number') end
  if i < counts + 2 * tables + plain then
    local pairs_of = i < counts + 2 * tables and (i - counts) % 2 == 0
    needed = needed + (pairs_of and 2 * n or n)
  else
    for _ = 1, n do
      local words = whole(needed + 1)
      if words == nil or words < 2 or words % 2 == 1 or words > CHUNK then
        return redis.error_reply('INVALID an entry is not made of fields and values')
      end
      needed = needed + 1 + words
    end
  end
end
needed = needed + strings
if #ARGV ~= needed then return redis.error_reply('INVALID the arguments do not add up') end

-- A read that changes nothing and answers little, but fails on a key of another type; that of a
-- stream finds the entry at the last id there is, after which XADD would fail.
local LAST = '18446744073709551615-18446744073709551615'
local function refuse(key, want)
  local found
  if want == 'hash' then
    found = redis.pcall('HEXISTS', key, '')
  else
    found = redis.pcall('XRANGE', key, LAST, LAST)
  end
  if type(found) ~= 'table' then return nil end
  if found.err then
    local kind = redis.call('TYPE', key).ok
    return redis.error_reply('WRONGTYPE ' .. key .. ' holds a ' .. kind .. ', not a ' .. want)
  end
  if #found > 0 then return redis.error_reply('INVALID ' .. key .. ' is at the last id there is') end
  return nil
end

for k = 2, 1 + tables + plain + rich do
  local no = refuse(KEYS[k], k <= 1 + tables and 'hash' or 'stream')
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
  local count = counts + 2 * (t - 1)
  spread('HSET', KEYS[1 + t], 2 * tonumber(ARGV[count]))
  spread('HDEL', KEYS[1 + t], tonumber(ARGV[count + 1]))
end
for s = 1, plain do
  local key = KEYS[1 + tables + s]
  for i = at, at + tonumber(ARGV[counts + 2 * tables + s - 1]) - 1 do
    redis.call('XADD', key, '*', 'e', ARGV[i])
    at = i + 1
  end
end
for s = 1, rich do
  local key = KEYS[1 + tables + plain + s]
  for _ = 1, tonumber(ARGV[counts + 2 * tables + plain + s - 1]) do
    local words = tonumber(ARGV[at])
    redis.call('XADD', key, '*', unpack(ARGV, at + 1, at + words))
    at = at + 1 + words
  end
end
for s = 1, strings do
  redis.call('SET', KEYS[1 + tables + plain + rich + s], ARGV[at])
  at = at + 1
end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local fields = {'lease_until_ms', string.format('%.0f', now_ms + lease_ms)}
known = 4
for t = FIRST, counts - 1, 4 do
  fields[#fields + 1] = 'position' .. ARGV[t]
  fields[#fields + 1] = ARGV[t + 2]
  if tonumber(ARGV[t + 3]) > 0 then
    fields[#fields + 1] = 'count' .. ARGV[t]
    fields[#fields + 1] = string.format('%.0f', (tonumber(cursor[known]) or 0) + ARGV[t + 3])
  end
  known = known + 2
end
redis.call('HSET', KEYS[1], unpack(fields))
if cursor[2] then
  redis.call('HDEL', KEYS[1], 'trying', 'tries')
  if ARGV[3] ~= '1' then redis.call('HDEL', KEYS[1], 'suspect') end
end
return 'OK'
