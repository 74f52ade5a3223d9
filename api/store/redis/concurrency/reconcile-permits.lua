-- Sets the permits recorded for a server to those that it holds.
-- KEYS[1] living  sorted set: server by the end of its lease, ms
-- KEYS[2] booked  hash: permits held by all servers, by share; `*` in all, `~` in all without a reserve
-- KEYS[3] own     hash: permits of this server, by share
-- ARGV[1] server   then shares and permits alternately
-- Returns 'reconciled', or 'lost' when the server was declared dead.
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'lost' end
local function change(key, field, by)
  if redis.call('HINCRBY', key, field, by) <= 0 then redis.call('HDEL', key, field) end
end
local function reconcile(share, permits)
  local by = permits - tonumber(redis.call('HGET', KEYS[3], share) or 0)
  if by == 0 then return end
  change(KEYS[2], share, by)
  if share:sub(1, 1) ~= ':' then change(KEYS[2], '*', by) end
  if share:sub(-1) == '~' then change(KEYS[2], '~', by) end
  change(KEYS[3], share, by)
end
local known = {}
for index = 2, #ARGV, 2 do
  known[ARGV[index]] = true
  reconcile(ARGV[index], tonumber(ARGV[index + 1]))
end
for _, share in ipairs(redis.call('HKEYS', KEYS[3])) do
  if not known[share] then reconcile(share, 0) end
end
return 'reconciled'
