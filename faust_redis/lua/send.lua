#!lua
-- Append what one producer sends to one stream; the same number again changes nothing.
-- KEYS stream, memory of this producer   ARGV number, kept for ms, entries, then words, word …
-- Replies the positions.
local known = redis.call('HMGET', KEYS[2], 'number', 'positions')
if known[1] == ARGV[1] then return cjson.decode(known[2]) end
local at, positions = 4, {}
for i = 1, tonumber(ARGV[3]) do
  local words = tonumber(ARGV[at])
  positions[i] = redis.call('XADD', KEYS[1], '*', unpack(ARGV, at + 1, at + words))
  at = at + 1 + words
end
redis.call('HSET', KEYS[2], 'number', ARGV[1], 'positions', cjson.encode(positions))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return positions
