-- Hides an event until it is due and stores its progress, if this taker still has it.
-- KEYS[1] event     hash
-- KEYS[2] held      sorted set: ids in flight at this taker
-- KEYS[3] delayed   sorted set: ids by due time
-- KEYS[4] waiting   set: functions with delayed events
-- ARGV[1] id   ARGV[2] taker   ARGV[3] due, Redis' ms   ARGV[4] prefix of functions' delayed events   ARGV[5] progress
-- ARGV[6] answer, left out when there is none
-- Returns 1, or 0 when another taker has it.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local event = redis.call('HMGET', KEYS[1], 'taker', 'function', 'sequence')
if event[1] ~= ARGV[2] then return 0 end
redis.call('ZADD', ARGV[4] .. event[2], event[3], ARGV[1])
redis.call('SADD', KEYS[4], event[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[1], 'progress', ARGV[5])
if ARGV[6] then redis.call('HSET', KEYS[1], 'answer', ARGV[6]) end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], 'taker')
return 1
