-- Removes the records of environments that have ended, except those of another living server, which removes them itself.
-- KEYS[1] living   sorted set: server by the end of its lease, ms   KEYS[2] holders  hash: server by environment, `*` when parked
-- ARGV[1] server   ARGV[2..] environments
-- Returns how many were removed.
local ended = 0
for at = 2, #ARGV do
  local holder = redis.call('HGET', KEYS[2], ARGV[at])
  local isOthers = holder and holder ~= '*' and holder ~= ARGV[1] and redis.call('ZSCORE', KEYS[1], holder)
  if not isOthers then ended = ended + redis.call('HDEL', KEYS[2], ARGV[at]) end
end
return ended
