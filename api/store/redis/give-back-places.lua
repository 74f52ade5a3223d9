-- Gives back places of a share, no more than the server has.
-- KEYS[1] booked  hash: places of all servers, by share; `*` in all, `~` in all without a reserve
-- KEYS[2] own     hash: places of this server, by share
-- ARGV[1] share   ARGV[2] places
-- Returns how many were given back.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local places = math.min(tonumber(ARGV[2]), tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0))
if places <= 0 then return 0 end
local function take(key, field)
  if redis.call('HINCRBY', key, field, -places) <= 0 then redis.call('HDEL', key, field) end
end
take(KEYS[1], ARGV[1])
if ARGV[1]:sub(1, 1) ~= ':' then take(KEYS[1], '*') end
if ARGV[1]:sub(-1) == '~' then take(KEYS[1], '~') end
take(KEYS[2], ARGV[1])
return places
