-- Lists the functions that have events. Scans the events in flight, which are few.
-- KEYS[1] turns     sorted set: functions with ready events
-- KEYS[2] waiting   set: functions with delayed events
-- KEYS[3] takers    sorted set
-- KEYS[4] failing   set: functions with failed events
-- ARGV[1] prefix of events   ARGV[2] prefix of held sets
-- Returns unique names in no particular order.
local seen, names = {}, {}
local function add(name)
  if name and not seen[name] then
    seen[name] = true
    names[#names + 1] = name
  end
end
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do add(name) end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[4])) do add(name) end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[2])) do add(name) end
for _, taker in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  for _, id in ipairs(redis.call('ZRANGE', ARGV[2] .. taker, 0, -1)) do add(redis.call('HGET', ARGV[1] .. id, 'function')) end
end
return names
