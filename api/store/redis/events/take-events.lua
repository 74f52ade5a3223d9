-- Gives ready events to a taker: functions round-robin, the least recently served first, oldest events first.
-- First makes due delayed events ready. Keys of events and of ready sets are a prefix and the id or the
-- function, all in one slot.
-- KEYS[1] turns     sorted set: functions with ready events by their last turn
-- KEYS[2] turn      counter
-- KEYS[3] delayed   sorted set: ids by due time
-- KEYS[4] takers    sorted set: takers by the end of their lease
-- KEYS[5] held      sorted set: ids in flight at this taker by sequence
-- KEYS[6] waiting   set: functions with delayed events
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] taker   ARGV[4] lease ms   ARGV[5] due until, Redis' ms
-- ARGV[6] limit   ARGV[7] limit per function   ARGV[8] maximum bytes of payloads and answers, except for the first event
-- ARGV[9] prefix of functions' delayed events   then function and limit of each function with another limit, which may be 0
-- Returns the due time of the next delayed event, or nil when there is none; then id, function, head, payload, progress and answer
-- of each event; nil for a missing value.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
local eventPrefix, readyPrefix, taker = ARGV[1], ARGV[2], ARGV[3]
local limit, perFunction, mostBytes = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local shares, skipped = {}, 0
for at = 10, #ARGV, 2 do
  shares[ARGV[at]] = tonumber(ARGV[at + 1])
  if shares[ARGV[at]] == 0 then skipped = skipped + 1 end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[4], string.format('%.0f', now + ARGV[4]), taker)

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[5], 'LIMIT', 0, 1000)) do
  local event = redis.call('HMGET', eventPrefix .. id, 'function', 'sequence', 'taker')
  if event[1] then
    if not event[3] then
      redis.call('ZADD', readyPrefix .. event[1], event[2], id)
      redis.call('ZADD', KEYS[1], 'NX', redis.call('GET', KEYS[2]) or 0, event[1])
    end
    redis.call('ZREM', ARGV[9] .. event[1], id)
    if redis.call('EXISTS', ARGV[9] .. event[1]) == 0 then redis.call('SREM', KEYS[6], event[1]) end
  end
  redis.call('ZREM', KEYS[3], id)
end

local nextDue = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
local taken, count, bytes = { nextDue[2] or false }, 0, 0
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, skipped + limit - 1)) do
  if count == limit or bytes >= mostBytes then break end
  local share = shares[name] or perFunction
  if share > 0 then
    local ready = readyPrefix .. name
    local left = redis.call('ZCARD', ready)
    for _, id in ipairs(redis.call('ZRANGE', ready, 0, math.min(share, limit - count) - 1)) do
      local key = eventPrefix .. id
      local size = redis.call('HSTRLEN', key, 'payload') + redis.call('HSTRLEN', key, 'answer')
      if count > 0 and bytes + size > mostBytes then
        bytes = mostBytes
        break
      end
      local event = redis.call('HMGET', key, 'sequence', 'head', 'payload', 'progress', 'answer')
      if event[1] then
        redis.call('ZADD', KEYS[5], event[1], id)
        redis.call('HSET', key, 'taker', taker)
        for _, value in ipairs({ id, name, event[2], event[3], event[4], event[5] }) do taken[#taken + 1] = value end
        count = count + 1
        bytes = bytes + size
      end
      left = left - redis.call('ZREM', ready, id)
    end
    if left == 0 then
      redis.call('ZREM', KEYS[1], name)
    else
      redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[2]), name)
    end
  end
end
return taken
