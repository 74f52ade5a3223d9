-- Saves a document when its revision is still the expected one.
-- KEYS[1] document   hash: revision, document
-- KEYS[2] ids        sorted set of the kind's ids
-- KEYS[3] revision   counter
-- ARGV[1] id   ARGV[2] expected revision, 0 to create   ARGV[3] document
-- Returns 1, or 0 when the revision was another.
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'revision', redis.call('INCR', KEYS[3]), 'document', ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 1
