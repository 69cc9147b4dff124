#!lua flags=allow-oom
-- Be a member of an app's group for one more lease, and see who owns what.
-- KEYS members, what each of them reads, cursors …
-- ARGV our name, lease in ms, what we read from the start
-- Replies {'OK', members …, '', owner or '' per cursor}, 'NEW' in place of 'OK' where nothing was
-- known of us, or {'DIFFERENT', what others read}.
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms)) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
local here = redis.call('HGET', KEYS[2], ARGV[1])
if here ~= ARGV[3] then
  for i, word in ipairs(redis.call('HGETALL', KEYS[2])) do
    if i % 2 == 0 and word ~= ARGV[3] and not here then return {'DIFFERENT', word} end
  end
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now_ms + ARGV[2]), ARGV[1])
local reply = {here and 'OK' or 'NEW'}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do reply[#reply + 1] = member end
reply[#reply + 1] = ''
for k = 3, #KEYS do
  local cursor = redis.call('HMGET', KEYS[k], 'owner', 'lease_until_ms', 'token')
  local live = (cursor[3] or '') ~= '' and (tonumber(cursor[2]) or 0) > now_ms
  reply[#reply + 1] = live and (cursor[1] or '?') or ''
end
return reply
