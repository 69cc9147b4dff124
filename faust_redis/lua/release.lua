#!lua flags=allow-oom
-- Give a partition back, if it is still ours.
-- KEYS cursor   ARGV token
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
redis.call('HSET', KEYS[1], 'token', '', 'lease_until_ms', '0')
return 'OK'
