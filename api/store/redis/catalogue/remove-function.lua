-- Removes a function with all its versions, when its revision is still the expected one.
-- KEYS[1] record            hash: revision, document, uses
-- KEYS[2] versions          hash: document by version number
-- KEYS[3] code bytes        hash: bytes by version
-- KEYS[4] names             sorted set of all names
-- KEYS[5] under way         set of names
-- KEYS[6] revision          counter
-- KEYS[7] total code bytes  counter
-- KEYS[8] capacity uses     sorted set: `<capacity provider>:<function>`
-- ARGV[1] name   ARGV[2] expected revision   ARGV[3] replica   ARGV[4] channel of changes
-- Returns the removal's revision, or 0 when the revision was another.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[2] then return 0 end
local bytes = 0
for _, each in ipairs(redis.call('HVALS', KEYS[3])) do bytes = bytes + tonumber(each) end
redis.call('DECRBY', KEYS[7], bytes)
for provider in (redis.call('HGET', KEYS[1], 'uses') or ''):gmatch('%S+') do
  redis.call('ZREM', KEYS[8], provider .. ':' .. ARGV[1])
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('SREM', KEYS[5], ARGV[1])
local revision = redis.call('INCR', KEYS[6])
redis.call('PUBLISH', ARGV[4], revision .. ' ' .. ARGV[3] .. ' ' .. ARGV[1])
return revision
