-- Makes a server the holder of the most recently parked environment of a key.
-- KEYS[1] holders  hash: server by environment, `*` when parked   KEYS[2] parked  sorted set of the key: environment by time, µs
-- ARGV[1] server
-- Returns the environment, or nil when none is parked.
while true do
  local newest = redis.call('ZPOPMAX', KEYS[2])
  if #newest == 0 then return nil end
  if redis.call('HGET', KEYS[1], newest[1]) == '*' then
    redis.call('HSET', KEYS[1], newest[1], ARGV[1])
    return newest[1]
  end
end
