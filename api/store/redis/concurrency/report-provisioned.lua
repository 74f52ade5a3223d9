-- Records how many environments of a key a server keeps initialised, and removes the reports of dead servers.
-- KEYS[1] living  sorted set: servers   KEYS[2] said  hash: number or `failed` by server
-- ARGV[1] server   ARGV[2] number, or `failed`   ARGV[3] time to live, s
-- Returns 1.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
for _, server in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not redis.call('ZSCORE', KEYS[1], server) then redis.call('HDEL', KEYS[2], server) end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
