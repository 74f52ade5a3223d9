-- Makes a delayed or failed event ready, a failed one without its progress; or removes an event that is not in flight.
-- KEYS[1] event     hash
-- KEYS[2] turns     sorted set: functions with ready events by their last turn
-- KEYS[3] turn      counter
-- KEYS[4] delayed   sorted set
-- KEYS[5] failing   set: functions with failed events
-- KEYS[6] waiting   set: functions with delayed events
-- ARGV[1] id   ARGV[2] prefix of ready sets   ARGV[3] prefix of failed sets   ARGV[4] release or remove
-- ARGV[5] prefix of functions' delayed events
-- Returns 1, or 0 when the event is in another state.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local event = redis.call('HMGET', KEYS[1], 'function', 'sequence', 'taker')
if not event[1] or event[3] then return 0 end
local ready, failed, waiting = ARGV[2] .. event[1], ARGV[3] .. event[1], ARGV[5] .. event[1]
local isReleased = ARGV[4] == 'release'
if isReleased then
  local wasFailed = redis.call('ZSCORE', failed, ARGV[1])
  if not wasFailed and not redis.call('ZSCORE', KEYS[4], ARGV[1]) then return 0 end
  if wasFailed then redis.call('HDEL', KEYS[1], 'progress', 'answer') end
  redis.call('ZADD', ready, event[2], ARGV[1])
  redis.call('ZADD', KEYS[2], 'NX', redis.call('GET', KEYS[3]) or 0, event[1])
end
redis.call('ZREM', failed, ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', waiting, ARGV[1])
if redis.call('EXISTS', waiting) == 0 then redis.call('SREM', KEYS[6], event[1]) end
if redis.call('EXISTS', failed) == 0 then redis.call('SREM', KEYS[5], event[1]) end
if not isReleased then
  redis.call('ZREM', ready, ARGV[1])
  if redis.call('EXISTS', ready) == 0 then redis.call('ZREM', KEYS[2], event[1]) end
  redis.call('DEL', KEYS[1])
end
return 1
