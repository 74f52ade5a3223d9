-- Lists documents by id in byte order. A document's key is the prefix and the id, in the slot of KEYS[1].
-- KEYS[1] ids     sorted set, all scores 0
-- ARGV[1] prefix of keys   ARGV[2] lower bound and ARGV[3] upper bound of ids, as ZRANGEBYLEX takes them   ARGV[4] limit
-- Returns id and document alternately.
local listed = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])) do
  local document = redis.call('HGET', ARGV[1] .. id, 'document')
  if document then
    listed[#listed + 1] = id
    listed[#listed + 1] = document
  end
end
return listed
