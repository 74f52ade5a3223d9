-- Makes the places of a dead server another server's.
-- KEYS[1] theirs  hash: places of the dead server, by share   KEYS[2] own  hash: places of the heir, by share
-- Returns shares and places in turn.
local places = redis.call('HGETALL', KEYS[1])
for index = 1, #places, 2 do redis.call('HINCRBY', KEYS[2], places[index], places[index + 1]) end
redis.call('DEL', KEYS[1])
return places
