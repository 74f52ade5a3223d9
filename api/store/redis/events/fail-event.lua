-- Marks an event as failed, if this taker still has it. Keeps only the newest failed events of the function.
-- KEYS[1] event    hash
-- KEYS[2] held     sorted set: ids in flight at this taker
-- KEYS[3] failed   sorted set: ids of the function's failed events by sequence
-- KEYS[4] failing  set: functions with failed events
-- ARGV[1] id   ARGV[2] taker   ARGV[3] prefix of events   ARGV[4] how many to keep   ARGV[5] progress
-- ARGV[6] answer, left out when there is none
-- Returns 1, or 0 when another taker has it.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local event = redis.call('HMGET', KEYS[1], 'taker', 'sequence', 'function')
if event[1] ~= ARGV[2] then return 0 end
redis.call('ZADD', KEYS[3], event[2], ARGV[1])
redis.call('SADD', KEYS[4], event[3])
redis.call('HSET', KEYS[1], 'progress', ARGV[5])
if ARGV[6] then redis.call('HSET', KEYS[1], 'answer', ARGV[6]) end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], 'taker')
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1 - ARGV[4])) do
  redis.call('DEL', ARGV[3] .. id)
  redis.call('ZREM', KEYS[3], id)
end
if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('SREM', KEYS[4], event[3]) end
return 1
