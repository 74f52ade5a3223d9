-- Parks an environment for any server that needs its key.
-- KEYS[1] holders  hash: server by environment, `*` when parked   KEYS[2] parked  sorted set of the key: environment by time, µs
-- ARGV[1] server   ARGV[2] environment   ARGV[3] how long the set is kept without another parking, s
-- Returns 1, or 0 when the server does not hold it.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[2], '*')
redis.call('ZADD', KEYS[2], time[1] * 1000000 + time[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
