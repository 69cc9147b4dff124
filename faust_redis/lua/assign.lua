#!lua
-- The partition of a name: the one on record, else the one with the fewest names.
-- KEYS pools   ARGV name, partitions
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return tonumber(known) end
local load = {}
for p = 0, tonumber(ARGV[2]) - 1 do load[p] = 0 end
for _, p in ipairs(redis.call('HVALS', KEYS[1])) do
  p = tonumber(p)
  if load[p] then load[p] = load[p] + 1 end
end
local least = 0
for p = 1, tonumber(ARGV[2]) - 1 do
  if load[p] < load[least] then least = p end
end
redis.call('HSET', KEYS[1], ARGV[1], least)
return least
