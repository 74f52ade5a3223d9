-- Removes servers whose lease has expired from the living, so that a late renewal cannot revive them, and returns all dead ones
-- without a successor.
-- KEYS[1] living  sorted set: server by the end of its lease, ms   KEYS[2] dead  set of servers
-- Returns the dead servers.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, server in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)) do
  redis.call('ZREM', KEYS[1], server)
  redis.call('SADD', KEYS[2], server)
end
return redis.call('SMEMBERS', KEYS[2])
