-- Forgets a dead server, once a successor holds all that it held.
-- KEYS[1] dead  set of servers
-- ARGV[1] server
redis.call('SREM', KEYS[1], ARGV[1])
