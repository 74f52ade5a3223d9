-- Renews or releases a lease.
-- KEYS[1] lease  text: fence of who holds it
-- ARGV[1] fence   ARGV[2] lease, ms; 0 releases it
-- Returns 1, or 0 when it is not held under that fence.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
