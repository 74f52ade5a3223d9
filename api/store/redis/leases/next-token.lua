-- Returns a fencing token greater than any before.
-- KEYS[1] token  counter
redis.call('PERSIST', KEYS[1]) -- Goes on when memory is full: script.ts.
return redis.call('INCR', KEYS[1])
