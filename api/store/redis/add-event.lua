-- Adds an event to the ready ones of its function, unless its id is there already, or known.
-- KEYS[1] event      hash: function, sequence, head, payload
-- KEYS[2] ready      sorted set: ids of the function's ready events by sequence
-- KEYS[3] turns      sorted set: functions with ready events by their last turn
-- KEYS[4] turn       counter
-- KEYS[5] sequence   counter
-- KEYS[6] known      text, ends by itself; only with ARGV[5]
-- ARGV[1] id   ARGV[2] function   ARGV[3] head   ARGV[4] payload   ARGV[5] for how many ms the id is known
-- Returns 1, or 0 when it was there.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[5] and not redis.call('SET', KEYS[6], '', 'NX', 'PX', ARGV[5]) then return 0 end
local sequence = redis.call('INCR', KEYS[5])
redis.call('HSET', KEYS[1], 'function', ARGV[2], 'sequence', sequence, 'head', ARGV[3], 'payload', ARGV[4])
redis.call('ZADD', KEYS[2], sequence, ARGV[1])
redis.call('ZADD', KEYS[3], 'NX', redis.call('GET', KEYS[4]) or 0, ARGV[2])
return 1
