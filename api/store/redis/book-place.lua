-- Books one place of a function for a server, within the function's reserve and the account's limit.
-- KEYS[1] living  sorted set: server by the end of its lease, ms
-- KEYS[2] booked  hash: places of all servers, by function; `*` in all
-- KEYS[3] own     hash: places of this server, by function
-- ARGV[1] server   ARGV[2] function   ARGV[3] its reserve, or -1   ARGV[4] the account's limit   ARGV[5] channel for refusals
-- Returns 'booked', 'function' or 'account' for the limit in the way, or 'lost' when the server was held for dead.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'lost' end
local ofFunction = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or 0)
local inAll = tonumber(redis.call('HGET', KEYS[2], '*') or 0)
local reserve = tonumber(ARGV[3])
if reserve >= 0 and ofFunction >= reserve then
  redis.call('PUBLISH', ARGV[5], cjson.encode({ server = ARGV[1], functionName = ARGV[2] }))
  return 'function'
end
if inAll >= tonumber(ARGV[4]) then
  redis.call('PUBLISH', ARGV[5], cjson.encode({ server = ARGV[1] }))
  return 'account'
end
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
redis.call('HINCRBY', KEYS[2], '*', 1)
redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
return 'booked'
