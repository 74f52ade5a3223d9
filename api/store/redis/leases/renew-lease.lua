-- Renews or releases a lease.
-- KEYS[1] lease  text: fence of who holds it
-- KEYS[2] group  set: names of leases that may be held
-- ARGV[1] fence   ARGV[2] lease, ms; 0 releases it   ARGV[3] name of the lease
-- Returns 1, or 0 when it is not held under that fence.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('SREM', KEYS[2], ARGV[3])
  return redis.call('DEL', KEYS[1])
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
