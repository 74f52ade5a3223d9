-- Removes the record of an environment that has ended, by its holder.
-- KEYS[1] holders  hash: server by environment
-- ARGV[1] server   ARGV[2] environment
if redis.call('HGET', KEYS[1], ARGV[2]) == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[2]) end
