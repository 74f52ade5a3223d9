-- Tells whether a lease of a group is held, and forgets the names of those that are not.
-- KEYS[1] group  set: names of leases that may be held
-- ARGV[1] prefix of the keys of leases
-- Returns 1, or 0 when none is held.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('EXISTS', ARGV[1] .. name) == 1 then return 1 end
  redis.call('SREM', KEYS[1], name)
end
return 0
