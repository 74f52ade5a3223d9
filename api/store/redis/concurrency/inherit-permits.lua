-- Moves the permits of a dead server to its successor, while that one lives.
-- KEYS[1] living  sorted set: server by the end of its lease, ms
-- KEYS[2] theirs  hash: permits of the dead server, by share   KEYS[3] own  hash: permits of the successor, by share
-- ARGV[1] successor
-- Returns shares and permits alternately, or 'lost' when the successor was declared dead itself.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'lost' end
local permits = redis.call('HGETALL', KEYS[2])
for index = 1, #permits, 2 do redis.call('HINCRBY', KEYS[3], permits[index], permits[index + 1]) end
redis.call('DEL', KEYS[2])
return permits
