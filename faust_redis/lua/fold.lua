#!lua flags=allow-oom
-- Move the oldest entries of a changelog into its snapshot: what both tell together stays the same.
-- KEYS cursor, changelog, snapshot
-- ARGV token, entries at most, age in ms of what is moved, '1' to keep on record what was deleted
-- Replies the entries moved, or 'FENCED'.
local token = ARGV[1]
if token == '' or redis.call('HGET', KEYS[1], 'token') ~= token then return 'FENCED' end
local clock = redis.call('TIME')
local oldest = math.max(0, clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[3]))
local entries = redis.call('XRANGE', KEYS[2], '-', string.format('%.0f', oldest), 'COUNT', ARGV[2])
if #entries == 0 then return 0 end
for _, entry in ipairs(entries) do
  local key, value
  for w = 1, #entry[2], 2 do
    if entry[2][w] == 'k' then key = entry[2][w + 1] end
    if entry[2][w] == 'e' then value = entry[2][w + 1] end
  end
  if key and value then
    redis.call('HSET', KEYS[3], key, entry[1] .. ' ' .. value)
  elseif key and ARGV[4] == '1' then
    redis.call('HSET', KEYS[3], key, entry[1])
  elseif key then
    redis.call('HDEL', KEYS[3], key)
  end
end
local next = redis.call('XRANGE', KEYS[2], '(' .. entries[#entries][1], '+', 'COUNT', 1)
if #next == 0 then
  redis.call('XTRIM', KEYS[2], 'MAXLEN', 0)
else
  redis.call('XTRIM', KEYS[2], 'MINID', next[1][1])
end
return #entries
