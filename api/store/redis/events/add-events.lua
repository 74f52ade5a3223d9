-- Adds events to the ready sets of their functions, except ids that exist or are known. The keys of events, of ready sets
-- and of known ids are a prefix and the id or the function, all in one slot.
-- KEYS[1] turns      sorted set: functions with ready events by their last turn
-- KEYS[2] turn       counter
-- KEYS[3] sequence   counter
-- ARGV[1] prefix of events   ARGV[2] prefix of ready sets   ARGV[3] prefix of known ids
-- then id, function, head, payload of each, and for how many ms its id is known, or nothing
-- Returns the number of events that were added.
local added = 0
for at = 4, #ARGV, 5 do
  local id, name, known = ARGV[at], ARGV[at + 1], ARGV[at + 4]
  local key = ARGV[1] .. id
  local isNew = redis.call('EXISTS', key) == 0
  if isNew and known ~= '' then isNew = redis.call('SET', ARGV[3] .. id, '', 'NX', 'PX', known) end
  if isNew then
    local sequence = redis.call('INCR', KEYS[3])
    redis.call('HSET', key, 'function', name, 'sequence', sequence, 'head', ARGV[at + 2], 'payload', ARGV[at + 3])
    redis.call('ZADD', ARGV[2] .. name, sequence, id)
    redis.call('ZADD', KEYS[1], 'NX', redis.call('GET', KEYS[2]) or 0, name)
    added = added + 1
  end
end
return added
