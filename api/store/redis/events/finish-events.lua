-- Removes completed events in any state: a taker that lost its lease has run its events nevertheless.
-- KEYS[1] turns     sorted set: functions with ready events
-- KEYS[2] delayed   sorted set
-- KEYS[3] waiting   set: functions with delayed events
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of held sets   ARGV[4] prefix of failed sets
-- ARGV[5] prefix of functions' delayed events   then ids
-- Returns the number of removed events.
local removed = 0
for at = 6, #ARGV do
  local id = ARGV[at]
  local event = redis.call('HMGET', ARGV[1] .. id, 'function', 'taker')
  if event[1] then
    if event[2] then
      redis.call('ZREM', ARGV[3] .. event[2], id)
    else
      local ready = ARGV[2] .. event[1]
      if redis.call('ZREM', KEYS[2], id) == 1 then
        redis.call('ZREM', ARGV[5] .. event[1], id)
        if redis.call('EXISTS', ARGV[5] .. event[1]) == 0 then redis.call('SREM', KEYS[3], event[1]) end
      end
      redis.call('ZREM', ARGV[4] .. event[1], id)
      redis.call('ZREM', ready, id)
      if redis.call('EXISTS', ready) == 0 then redis.call('ZREM', KEYS[1], event[1]) end
    end
    redis.call('DEL', ARGV[1] .. id)
    removed = removed + 1
  end
end
return removed
