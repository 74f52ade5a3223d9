-- Ends the burial of a server whose things have an heir.
-- KEYS[1] dead  set of servers
-- ARGV[1] server
redis.call('SREM', KEYS[1], ARGV[1])
