#!lua flags=allow-oom
-- Say who reads which topics, and put on record how many partitions there are, where nothing is.
-- KEYS the namespace's number, topics, readers of each topic …
-- ARGV app, number, then per topic known here: its name and its number
-- Replies the namespace's number on record, then that of each topic.
local number = redis.call('GET', KEYS[1])
if not number then redis.call('SET', KEYS[1], ARGV[2]) end
for k = 3, #KEYS do redis.call('SADD', KEYS[k], ARGV[1]) end
local reply = {number or ARGV[2]}
for t = 3, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[2], ARGV[t])
  if not known then redis.call('HSET', KEYS[2], ARGV[t], ARGV[t + 1]) end
  reply[#reply + 1] = known or ARGV[t + 1]
end
return reply
