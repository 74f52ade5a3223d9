-- Saves a function's record and the versions that change with it, when its revision is still the expected one.
-- KEYS[1] record            hash: revision, document, uses
-- KEYS[2] versions          hash: document by version number
-- KEYS[3] code bytes        hash: bytes by version
-- KEYS[4] names             sorted set of all names
-- KEYS[5] under way         set of names
-- KEYS[6] revision          counter
-- KEYS[7] total code bytes  counter
-- KEYS[8] capacity uses     sorted set: `<capacity provider>:<function>`
-- ARGV[1] name   ARGV[2] expected revision, 0 to create   ARGV[3] document   ARGV[4] code bytes of $LATEST
-- ARGV[5] 1 when its deployment is under way   ARGV[6] replica   ARGV[7] channel of changes
-- ARGV[8] names of its capacity providers, with spaces between
-- ARGV[9] number of saved versions; then number, code bytes and document of each; then the numbers of removed ones
-- Returns the new revision, or 0 when the revision was another.
local name = ARGV[1]
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[2] then return 0 end

local function count(version, bytes)
  local before = tonumber(redis.call('HGET', KEYS[3], version) or '0')
  if bytes then redis.call('HSET', KEYS[3], version, bytes) else redis.call('HDEL', KEYS[3], version) end
  redis.call('INCRBY', KEYS[7], (tonumber(bytes) or 0) - before)
end

local revision = redis.call('INCR', KEYS[6])
redis.call('HSET', KEYS[1], 'revision', revision, 'document', ARGV[3])
redis.call('ZADD', KEYS[4], 0, name)
redis.call(ARGV[5] == '1' and 'SADD' or 'SREM', KEYS[5], name)
count('$LATEST', ARGV[4])

for provider in (redis.call('HGET', KEYS[1], 'uses') or ''):gmatch('%S+') do
  redis.call('ZREM', KEYS[8], provider .. ':' .. name)
end
for provider in ARGV[8]:gmatch('%S+') do redis.call('ZADD', KEYS[8], 0, provider .. ':' .. name) end
if ARGV[8] == '' then redis.call('HDEL', KEYS[1], 'uses') else redis.call('HSET', KEYS[1], 'uses', ARGV[8]) end

local saved = tonumber(ARGV[9])
for at = 10, 9 + saved * 3, 3 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 2])
  count(ARGV[at], ARGV[at + 1])
end
for at = 10 + saved * 3, #ARGV do
  redis.call('HDEL', KEYS[2], ARGV[at])
  count(ARGV[at])
end

redis.call('PUBLISH', ARGV[7], revision .. ' ' .. ARGV[6] .. ' ' .. name)
return revision
