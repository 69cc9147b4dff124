#!lua flags=allow-oom
-- Lengthen a lease that is ours, as long as the cursor is where we believe it to be.
-- KEYS cursor   ARGV token, lease in ms, record about to be tried or '', then suffix, position …
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
for t = 4, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], 'position' .. ARGV[t]) ~= ARGV[t + 1] then return 'CONFLICT' end
end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], 'lease_until_ms', string.format('%.0f', now_ms + ARGV[2]))
if ARGV[3] ~= '' then
  if redis.call('HGET', KEYS[1], 'trying') ~= ARGV[3] then redis.call('HDEL', KEYS[1], 'tries') end
  redis.call('HSET', KEYS[1], 'trying', ARGV[3])
end
return 'OK'
