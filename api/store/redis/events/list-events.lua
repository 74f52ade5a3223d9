-- Lists a page of a function's events in one state, oldest first. Scans all events in flight, which are few; each function has sets
-- of its own for the other states.
-- KEYS[1] delayed   sorted set: ids by due time
-- KEYS[2] takers    sorted set
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of failed sets   ARGV[4] prefix of held sets
-- ARGV[5] function   ARGV[6] state   ARGV[7] after this sequence   ARGV[8] limit, 0 to only count
-- ARGV[9] prefix of functions' delayed events
-- Returns the number of events in the state, then sequence, id, head, progress and due time of each event of the page.
local limit = tonumber(ARGV[8])
local own = { ready = ARGV[2], failed = ARGV[3], delayed = ARGV[9] }
local set, found, total = own[ARGV[6]], {}, 0

local function collect(key)
  local ids = redis.call('ZRANGE', key, 0, -1)
  for _, id in ipairs(ids) do
    local event = redis.call('HMGET', ARGV[1] .. id, 'function', 'sequence')
    if event[1] == ARGV[5] then
      total = total + 1
      if tonumber(event[2]) > tonumber(ARGV[7]) then found[#found + 1] = { tonumber(event[2]), id } end
    end
  end
end

if set then
  total = redis.call('ZCARD', set .. ARGV[5])
  if limit > 0 then
    local page = redis.call('ZRANGEBYSCORE', set .. ARGV[5], '(' .. ARGV[7], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
    for at = 1, #page, 2 do found[#found + 1] = { tonumber(page[at + 1]), page[at] } end
  end
else
  for _, taker in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do collect(ARGV[4] .. taker) end
end
table.sort(found, function(one, other) return one[1] < other[1] end)

local answer = { total }
for at = 1, math.min(limit, #found) do
  local id = found[at][2]
  local event = redis.call('HMGET', ARGV[1] .. id, 'head', 'progress')
  local due = redis.call('ZSCORE', KEYS[1], id)
  for _, value in ipairs({ string.format('%.0f', found[at][1]), id, event[1] or '{}', event[2], due }) do
    answer[#answer + 1] = value
  end
end
return answer
