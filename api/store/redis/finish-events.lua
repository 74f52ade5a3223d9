-- Removes events that were run, wherever they are meanwhile: a taker that lost its lease has run them all the same.
-- KEYS[1] turns     sorted set: functions with ready events
-- KEYS[2] delayed   sorted set
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of held sets   ARGV[4] prefix of failed sets   then ids
-- Returns the number of events that were still there.
local removed = 0
for at = 5, #ARGV do
  local id = ARGV[at]
  local event = redis.call('HMGET', ARGV[1] .. id, 'function', 'taker')
  if event[1] then
    if event[2] then
      redis.call('ZREM', ARGV[3] .. event[2], id)
    else
      local ready = ARGV[2] .. event[1]
      redis.call('ZREM', KEYS[2], id)
      redis.call('ZREM', ARGV[4] .. event[1], id)
      redis.call('ZREM', ready, id)
      if redis.call('EXISTS', ready) == 0 then redis.call('ZREM', KEYS[1], event[1]) end
    end
    redis.call('DEL', ARGV[1] .. id)
    removed = removed + 1
  end
end
return removed
