-- Renews a taker's lease, and makes the events of takers whose lease has ended ready again, at most 1000 at a time. When no taker
-- renewed for a while, Redis was unavailable: every taker then gets another lease to renew.
-- KEYS[1] takers    sorted set: takers by the end of their lease, in Redis' ms
-- KEYS[2] turns     sorted set: functions with ready events by their last turn
-- KEYS[3] turn      counter
-- KEYS[4] delayed   sorted set: ids by due time, in Redis' ms
-- KEYS[5] watched   string: when any taker last ran this script, in Redis' ms
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of held sets   ARGV[4] taker   ARGV[5] lease ms
-- ARGV[6] after how long without a renewal Redis counts as unavailable, ms
-- Returns Redis' ms, the number of functions with ready events or of delayed events that are due, and the number of events that
-- this taker has in flight.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = tonumber(ARGV[5])
local watched = tonumber(redis.call('GET', KEYS[5]) or now)
redis.call('SET', KEYS[5], string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), ARGV[4])
if now - watched > tonumber(ARGV[6]) then
  for _, taker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now + lease))) do
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), taker)
  end
end

local budget = 1000
for _, taker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, 10)) do
  local heldKey = ARGV[3] .. taker
  local held = budget > 0 and redis.call('ZRANGE', heldKey, 0, budget - 1, 'WITHSCORES') or {}
  for at = 1, #held, 2 do
    local id = held[at]
    local name = redis.call('HGET', ARGV[1] .. id, 'function')
    if name then
      redis.call('ZADD', ARGV[2] .. name, held[at + 1], id)
      redis.call('ZADD', KEYS[2], 'NX', redis.call('GET', KEYS[3]) or 0, name)
      redis.call('HDEL', ARGV[1] .. id, 'taker')
    end
    redis.call('ZREM', heldKey, id)
    budget = budget - 1
  end
  if redis.call('EXISTS', heldKey) == 0 then redis.call('ZREM', KEYS[1], taker) end
end
local due = redis.call('ZCOUNT', KEYS[4], '-inf', string.format('%.0f', now))
return { string.format('%.0f', now), redis.call('ZCARD', KEYS[2]) + due, redis.call('ZCARD', ARGV[3] .. ARGV[4]) }
