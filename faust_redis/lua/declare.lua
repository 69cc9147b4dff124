#!lua flags=allow-oom
-- A topic's number of partitions: the one on record, else one is put there from now on.
-- KEYS topics, the namespace's number   ARGV topic, number it is declared with or '', number assumed or ''
-- Replies the number on record, or nothing when there is none to be had.
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return known end
local count = ARGV[2]
if count == '' then count = redis.call('GET', KEYS[2]) or ARGV[3] end
if count == '' then return false end
redis.call('HSET', KEYS[1], ARGV[1], count)
return tostring(count)
