-- Acquires a lease that is not held.
-- KEYS[1] lease   text: fence of who holds it; ends by itself
-- KEYS[2] fences  counter of all leases ever given
-- KEYS[3] group   set: names of leases that may be held
-- ARGV[1] lease, ms   ARGV[2] name of the lease
-- Returns the fence, or nil when the lease is held.
redis.call('PERSIST', KEYS[2]) -- Goes on when memory is full: script.ts.
if redis.call('EXISTS', KEYS[1]) == 1 then return nil end
redis.call('SADD', KEYS[3], ARGV[2])
local fence = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
return fence
