-- Acquires one permit of a function for a server, within the function's reserve and the account's limits.
-- KEYS[1] living  sorted set: server by the end of its lease, ms
-- KEYS[2] booked  hash: permits held by all servers, by share; `*` in all, `~` in all without a reserve
-- KEYS[3] own     hash: permits of this server, by share
-- A share is a function's name, with `~` behind it for permits without a reserve. Names that begin with a colon count in no sum.
-- ARGV[1] server   ARGV[2] function   ARGV[3] its reserve, or -1   ARGV[4] the account's limit
-- ARGV[5] the limit of all without a reserve   ARGV[6] channel for refusals
-- ARGV[7] 'found' for a running invocation, which gets a permit regardless of the limits
-- A refusal by the function's reserve publishes how many permits the refused server holds.
-- Returns 'acquired', 'function' or 'account' for the limit that was reached, or 'lost' when the server was declared dead.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'lost' end
local function held(field) return tonumber(redis.call('HGET', KEYS[2], field) or 0) end
local reserve = tonumber(ARGV[3])
local isReserved = reserve >= 0
local isFound = ARGV[7] == 'found'
if not isFound and isReserved and held(ARGV[2]) + held(ARGV[2] .. '~') >= reserve then
  redis.call('PUBLISH', ARGV[6], cjson.encode({ server = ARGV[1], functionName = ARGV[2], places = tonumber(redis.call('HGET', KEYS[3], ARGV[2]) or 0) }))
  return 'function'
end
local isOutside = ARGV[2]:sub(1, 1) == ':'
if not isFound and not isOutside and (held('*') >= tonumber(ARGV[4]) or (not isReserved and held('~') >= tonumber(ARGV[5]))) then
  redis.call('PUBLISH', ARGV[6], cjson.encode({ server = ARGV[1] }))
  return 'account'
end
local share = isReserved and ARGV[2] or ARGV[2] .. '~'
redis.call('HINCRBY', KEYS[2], share, 1)
if not isOutside then redis.call('HINCRBY', KEYS[2], '*', 1) end
if not isReserved then redis.call('HINCRBY', KEYS[2], '~', 1) end
redis.call('HINCRBY', KEYS[3], share, 1)
return 'acquired'
