#!lua flags=allow-oom
-- Give a partition back, if it is still ours.
-- KEYS cursor   ARGV token
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
redis.call('HSET', KEYS[1], 'token', '', 'owner', '', 'lease_until_ms', '0')
-- Whoever leaves politely was not killed by a record.
redis.call('HDEL', KEYS[1], 'trying')
return 'OK'
