-- Removes a server from the living; a successor inherits what it still holds.
-- KEYS[1] living  sorted set: server by the end of its lease, ms   KEYS[2] dead  set of servers
-- ARGV[1] server
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then redis.call('SADD', KEYS[2], ARGV[1]) end
