#!lua flags=allow-oom
-- Take a partition if it is free, its lease is over, or the token it was last held by is ours.
-- KEYS cursor
-- ARGV 1 new token  2 our last token or ''  3 lease in ms  4 our name  5 epoch we know or '0'
--      6 topics; per topic: suffix of its fields, position to begin from or '', position we
--      have committed ourselves or ''; then the token of a holder that was looked for or '', and
--      '1' if it is gone
-- Replies {'OK', epoch, suspect, trying, tries, per topic: position, count, position before},
-- {'HELD', ms left, holder}, or {'LATE', holder, its name}: look for it, and ask again.
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local cursor = redis.call('HMGET', KEYS[1], 'token', 'lease_until_ms', 'epoch', 'suspect',
  'trying', 'tries', 'owner')
local holder = cursor[1] or ''
local left_ms = (tonumber(cursor[2]) or 0) - now_ms
-- A holder with the new token is ourselves, asking again because the first reply was lost.
local ours = holder == ARGV[1] or holder == ARGV[2]
if holder ~= '' and not ours and left_ms > 0 then
  return {'HELD', string.format('%.0f', left_ms), holder}
end

local function before(a, b)
  local a_ms, a_seq = string.match(a, '^(%d+)%-(%d+)$')
  local b_ms, b_seq = string.match(b, '^(%d+)%-(%d+)$')
  a_ms, a_seq, b_ms, b_seq = tonumber(a_ms), tonumber(a_seq), tonumber(b_ms), tonumber(b_seq)
  return a_ms < b_ms or (a_ms == b_ms and a_seq < b_seq)
end

-- Who neither gave it back nor renewed it, and is gone, may have been killed by a record.
local suspect, trying, tries = cursor[4] or '', cursor[5] or '', tonumber(cursor[6]) or 0
local last = 6 + 3 * tonumber(ARGV[6])
if holder ~= '' and not ours and ARGV[last + 1] ~= holder then
  return {'LATE', holder, cursor[7] or ''}
end
if holder ~= '' and not ours and ARGV[last + 2] == '1' then
  suspect = string.format('%d', (tonumber(suspect) or 0) + 1)
  if trying ~= '' then tries = tries + 1 end
end
local epoch, known = tonumber(cursor[3]) or 1, tonumber(ARGV[5])
local reply, fields, rewound = {}, {}, false
for t = 7, last, 3 do
  local suffix, start, committed = ARGV[t], ARGV[t + 1], ARGV[t + 2]
  local now = redis.call('HMGET', KEYS[1], 'position' .. suffix, 'count' .. suffix)
  local was, count = now[1] or '0-0', now[2] or '0'
  if committed ~= '' and before(was, committed) then rewound = true end
  local position = start ~= '' and start or was
  reply[#reply + 1] = position
  reply[#reply + 1] = count
  reply[#reply + 1] = was
  fields[#fields + 1] = 'position' .. suffix
  fields[#fields + 1] = position
  fields[#fields + 1] = 'count' .. suffix
  fields[#fields + 1] = count
end
-- The cursor stands before what we know was committed: this is a new history.
if rewound then epoch = math.max(epoch, known) + 1 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'owner', ARGV[4], 'epoch', epoch,
  'lease_until_ms', string.format('%.0f', now_ms + ARGV[3]))
if #fields > 0 then redis.call('HSET', KEYS[1], unpack(fields)) end
if suspect ~= '' then
  redis.call('HSET', KEYS[1], 'suspect', suspect, 'trying', trying, 'tries', tries)
end
return {'OK', tostring(epoch), suspect, trying, tostring(tries), unpack(reply)}
