-- Removes a function's oldest events up to a sequence, in any state. Those in flight are taken from their takers, whose later steps change
-- nothing. Scans all events in flight, which are few.
-- KEYS[1] turns     sorted set: functions with ready events by their last turn
-- KEYS[2] delayed   sorted set: ids by due time
-- KEYS[3] takers    sorted set
-- KEYS[4] failing   set: functions with failed events
-- KEYS[5] waiting   set: functions with delayed events
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of failed sets   ARGV[4] prefix of held sets
-- ARGV[5] prefix of functions' delayed events   ARGV[6] function   ARGV[7] sequence   ARGV[8] how many of each state
-- Returns the number of removed events; 0 when none is left.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local name, removed = ARGV[6], 0

local function remove(set, ids)
  for _, id in ipairs(ids) do
    redis.call('DEL', ARGV[1] .. id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZREM', set, id)
    removed = removed + 1
  end
end

for _, prefix in ipairs({ ARGV[2], ARGV[3], ARGV[5] }) do
  local set = prefix .. name
  remove(set, redis.call('ZRANGEBYSCORE', set, '-inf', ARGV[7], 'LIMIT', 0, ARGV[8]))
end
for _, taker in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  local set, own = ARGV[4] .. taker, {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', ARGV[7])) do
    if redis.call('HGET', ARGV[1] .. id, 'function') == name then own[#own + 1] = id end
  end
  remove(set, own)
end
if redis.call('EXISTS', ARGV[2] .. name) == 0 then redis.call('ZREM', KEYS[1], name) end
if redis.call('EXISTS', ARGV[3] .. name) == 0 then redis.call('SREM', KEYS[4], name) end
if redis.call('EXISTS', ARGV[5] .. name) == 0 then redis.call('SREM', KEYS[5], name) end
return removed
