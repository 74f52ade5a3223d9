-- Removes an event that was run, wherever it is meanwhile: a taker that lost its lease has run it all the same.
-- KEYS[1] event     hash
-- KEYS[2] turns     sorted set: functions with ready events
-- KEYS[3] delayed   sorted set
-- ARGV[1] id   ARGV[2] prefix of ready sets   ARGV[3] prefix of held sets   ARGV[4] prefix of failed sets
-- Returns 1, or 0 when it was gone.
local event = redis.call('HMGET', KEYS[1], 'function', 'taker')
if not event[1] then return 0 end
if event[2] then
  redis.call('ZREM', ARGV[3] .. event[2], ARGV[1])
else
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZREM', ARGV[4] .. event[1], ARGV[1])
  redis.call('ZREM', ARGV[2] .. event[1], ARGV[1])
  if redis.call('EXISTS', ARGV[2] .. event[1]) == 0 then redis.call('ZREM', KEYS[2], event[1]) end
end
redis.call('DEL', KEYS[1])
return 1
