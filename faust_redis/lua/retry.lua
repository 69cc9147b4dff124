#!lua
-- Append a dead letter's record to its topic again and forget the letter; nothing if it is gone.
-- KEYS dead letters, topic   ARGV id, fields and values
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return false end
return redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
