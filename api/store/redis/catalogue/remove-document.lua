-- Removes a document when its revision is still the expected one.
-- KEYS[1] document   hash: revision, document
-- KEYS[2] ids        sorted set of the kind's ids
-- ARGV[1] id   ARGV[2] expected revision
-- Returns 1, or 0 when the revision was another.
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
