#!lua flags=allow-oom
-- Take a partition if it is free, its lease is over, or the token it was last held by is ours.
-- KEYS cursor   ARGV new token, our last token or '', lease in ms, position to begin from or ''
-- Replies {'OK', position, epoch, count, position before} or {'HELD', ms left, holder}.
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local cursor = redis.call('HMGET', KEYS[1], 'token', 'lease_until_ms', 'position', 'epoch', 'count')
local holder = cursor[1] or ''
local left_ms = (tonumber(cursor[2]) or 0) - now_ms
-- A holder with the new token is ourselves, asking again because the first reply was lost.
if holder ~= '' and holder ~= ARGV[1] and holder ~= ARGV[2] and left_ms > 0 then
  return {'HELD', string.format('%.0f', left_ms), holder}
end
local before = cursor[3] or '0-0'
local position = before
if ARGV[4] ~= '' then position = ARGV[4] end
local epoch = cursor[4] or '1'
local count = cursor[5] or '0'
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'position', position, 'epoch', epoch, 'count', count,
  'lease_until_ms', string.format('%.0f', now_ms + ARGV[3]))
return {'OK', position, epoch, count, before}
