#!lua
-- Append items that were not seen before; an item seen before keeps the position it has.
-- Without flags: at the memory limit the server refuses this script as a whole.
--
-- KEYS stream, newer memory, older memory, [cursor of the app that must keep up]
-- ARGV items, largest lag or 0, keys a memory holds, field of the cursor, then key …, then value …,
--      then, where some have a key of their own, 'k' and that key, or nothing …
-- Replies {'OK', position …} or {'LAG', lag}.
local n, max_lag, remembered = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local keyed = #ARGV == 4 + 3 * n
if not keyed and #ARGV ~= 4 + 2 * n then
  return redis.error_reply('INVALID the arguments do not add up')
end

if max_lag > 0 and redis.call('EXISTS', KEYS[1]) == 1 then
  local added = 0
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'entries-added' then added = info[i + 1] end
  end
  local counts = redis.call('HMGET', KEYS[4], 'count' .. ARGV[4], 'count')
  local lag = added - (tonumber(counts[1] or counts[2] or '0') or 0)
  if lag > max_lag then return {'LAG', string.format('%.0f', lag)} end
end

local keys = {}
for i = 1, n do keys[i] = ARGV[4 + i] end
local newer = redis.call('HMGET', KEYS[2], unpack(keys))
local older = redis.call('HMGET', KEYS[3], unpack(keys))
local reply, fresh, here = {'OK'}, {}, {}
for i = 1, n do
  local position = newer[i] or older[i] or here[keys[i]]
  if not position then
    local value, word = ARGV[4 + n + i], keyed and ARGV[4 + 2 * n + i] or ''
    if word == '' then
      position = redis.call('XADD', KEYS[1], '*', 'e', value)
    else
      position = redis.call('XADD', KEYS[1], '*', 'e', value, 'k', string.sub(word, 2))
    end
    here[keys[i]] = position
    fresh[#fresh + 1] = keys[i]
    fresh[#fresh + 1] = position
  end
  reply[1 + i] = position
end
if #fresh > 0 then
  if redis.call('HLEN', KEYS[2]) + #fresh / 2 > remembered and redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('UNLINK', KEYS[3])
    redis.call('RENAME', KEYS[2], KEYS[3])
  end
  redis.call('HSET', KEYS[2], unpack(fresh))
end
return reply
