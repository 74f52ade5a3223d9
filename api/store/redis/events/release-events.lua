-- Makes a taker's events in flight ready again, except the given ones.
-- KEYS[1] held     sorted set: ids in flight at this taker by sequence
-- KEYS[2] turns    sorted set: functions with ready events by their last turn
-- KEYS[3] turn     counter
-- KEYS[4] takers   sorted set
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] taker   ARGV[4] 1 to remove the taker   then ids it keeps
-- Returns the number of events released.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local keep, released = {}, 0
for at = 5, #ARGV do keep[ARGV[at]] = true end
local held = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 1, #held, 2 do
  local id = held[at]
  if not keep[id] then
    local name = redis.call('HGET', ARGV[1] .. id, 'function')
    if name then
      redis.call('ZADD', ARGV[2] .. name, held[at + 1], id)
      redis.call('ZADD', KEYS[2], 'NX', redis.call('GET', KEYS[3]) or 0, name)
      redis.call('HDEL', ARGV[1] .. id, 'taker')
      released = released + 1
    end
    redis.call('ZREM', KEYS[1], id)
  end
end
if ARGV[4] == '1' then redis.call('ZREM', KEYS[4], ARGV[3]) end
return released
