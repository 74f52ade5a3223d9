-- Renews a taker's lease, and makes the events of takers whose lease has ended ready again, at most 1000 at a time.
-- KEYS[1] takers   sorted set: takers by when their lease ends, in Redis' ms
-- KEYS[2] turns    sorted set: functions with ready events by their last turn
-- KEYS[3] turn     counter
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of held sets   ARGV[4] taker   ARGV[5] lease ms
-- Returns Redis' ms, the number of functions with ready events, and the number of events that this taker has in flight.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[5]), ARGV[4])

local room = 1000
for _, taker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, 10)) do
  local heldKey = ARGV[3] .. taker
  local held = room > 0 and redis.call('ZRANGE', heldKey, 0, room - 1, 'WITHSCORES') or {}
  for at = 1, #held, 2 do
    local id = held[at]
    local name = redis.call('HGET', ARGV[1] .. id, 'function')
    redis.call('ZREM', heldKey, id)
    if name then
      redis.call('HDEL', ARGV[1] .. id, 'taker')
      redis.call('ZADD', ARGV[2] .. name, held[at + 1], id)
      redis.call('ZADD', KEYS[2], 'NX', redis.call('GET', KEYS[3]) or 0, name)
    end
    room = room - 1
  end
  if redis.call('EXISTS', heldKey) == 0 then redis.call('ZREM', KEYS[1], taker) end
end
return { string.format('%.0f', now), redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', ARGV[3] .. ARGV[4]) }
