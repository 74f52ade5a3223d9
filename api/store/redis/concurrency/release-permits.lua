-- Releases permits of a share, no more than the server holds.
-- KEYS[1] booked  hash: permits held by all servers, by share; `*` in all, `~` in all without a reserve
-- KEYS[2] own     hash: permits of this server, by share
-- ARGV[1] share   ARGV[2] permits
-- Returns how many were released.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local permits = math.min(tonumber(ARGV[2]), tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0))
if permits <= 0 then return 0 end
local function take(key, field)
  if redis.call('HINCRBY', key, field, -permits) <= 0 then redis.call('HDEL', key, field) end
end
take(KEYS[1], ARGV[1])
if ARGV[1]:sub(1, 1) ~= ':' then take(KEYS[1], '*') end
if ARGV[1]:sub(-1) == '~' then take(KEYS[1], '~') end
take(KEYS[2], ARGV[1])
return permits
