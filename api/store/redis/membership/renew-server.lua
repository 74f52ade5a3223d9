-- Renews a server's lease.
-- KEYS[1] living  sorted set: server by the end of its lease, ms
-- ARGV[1] server   ARGV[2] lease, ms   ARGV[3] 'join' also when it has no lease
-- Returns all servers with a lease, by name; none when the server was declared dead.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if ARGV[3] ~= 'join' and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return {} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local living = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
table.sort(living)
return living
