-- Stores the progress of an event in flight, if this taker still has it.
-- KEYS[1] event   hash
-- ARGV[1] taker   ARGV[2] progress   ARGV[3] answer, left out when there is none
-- Returns 1, or 0 when another taker has it.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if redis.call('HGET', KEYS[1], 'taker') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'progress', ARGV[2])
if ARGV[3] then redis.call('HSET', KEYS[1], 'answer', ARGV[3]) end
return 1
