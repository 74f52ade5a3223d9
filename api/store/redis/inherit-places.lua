-- Makes the places of a dead server another server's, while that one lives.
-- KEYS[1] living  sorted set: server by the end of its lease, ms
-- KEYS[2] theirs  hash: places of the dead server, by share   KEYS[3] own  hash: places of the heir, by share
-- ARGV[1] heir
-- Returns shares and places in turn, or 'lost' when the heir was held for dead itself.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'lost' end
local places = redis.call('HGETALL', KEYS[2])
for index = 1, #places, 2 do redis.call('HINCRBY', KEYS[3], places[index], places[index + 1]) end
redis.call('DEL', KEYS[2])
return places
