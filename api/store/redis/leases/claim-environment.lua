-- Makes a server the holder of an environment that no living server holds. A server lives until it is declared dead, also when it
-- is late with its renewal: after an outage of Redis all are.
-- KEYS[1] living   sorted set: server by the end of its lease, ms   KEYS[2] holders  hash: server by environment, `*` when parked
-- ARGV[1] server   ARGV[2] environment   ARGV[3] '1' also without a recorded holder   ARGV[4] '1' also when parked
-- Returns 'claimed', 'held', or 'unknown' without a recorded holder.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local holder = redis.call('HGET', KEYS[2], ARGV[2])
if not holder and ARGV[3] ~= '1' then return 'unknown' end
if holder == '*' and ARGV[4] ~= '1' then return 'held' end
if holder and holder ~= '*' and holder ~= ARGV[1] and redis.call('ZSCORE', KEYS[1], holder) then return 'held' end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
return 'claimed'
