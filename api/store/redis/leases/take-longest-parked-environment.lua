-- Makes a server the holder of the longest-parked environment.
-- KEYS[1] holders  hash: server by environment, `*` when parked
-- KEYS[2…] parked  for each environment the sorted set of its key: environment by time, µs
-- ARGV[1] server   ARGV[2…] the environments, in the order of the sets
-- Returns the environment, or nil when none is parked.
local longest, since
for index = 2, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[index]) == '*' then
    local time = tonumber(redis.call('ZSCORE', KEYS[index], ARGV[index]) or 0)
    if not since or time < since then
      longest, since = index, time
    end
  end
end
if not longest then return nil end
redis.call('ZREM', KEYS[longest], ARGV[longest])
redis.call('HSET', KEYS[1], ARGV[longest], ARGV[1])
return ARGV[longest]
