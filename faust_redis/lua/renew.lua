#!lua flags=allow-oom
-- Lengthen a lease that is ours, as long as the cursor is where we believe it to be.
-- KEYS cursor   ARGV token, position, lease in ms
local cursor = redis.call('HMGET', KEYS[1], 'token', 'position')
if cursor[1] ~= ARGV[1] then return 'FENCED' end
if cursor[2] ~= ARGV[2] then return 'CONFLICT' end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], 'lease_until_ms', string.format('%.0f', now_ms + ARGV[3]))
return 'OK'
