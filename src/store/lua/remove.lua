#!lua flags=allow-oom
-- Deletes one message, unless somebody else holds its lock.
--
-- KEYS    1 base of the partition
-- ARGV    1 id, 2 value of the lock that the caller holds
-- Returns `r` removed, `l` locked by another, `x` no such message

local base, id = KEYS[1], ARGV[1]
local key, lock = base .. ':m:' .. id, base .. ':l:' .. id
local holder = redis.call('GET', lock)
if holder and holder ~= ARGV[2] then
  return 'l'
end
local stored = redis.pcall('HMGET', key, 's', 'z')
if stored.err then
  -- Something of another program, which stands in some set like a message.
  for _, state in ipairs(redis.call('SMEMBERS', base .. ':states')) do
    redis.pcall('ZREM', base .. ':s:' .. state, id)
  end
elseif not stored[1] then
  return 'x'
end
if stored[1] then
  redis.call('ZREM', base .. ':s:' .. stored[1], id)
end
if string.match(stored[2] or '', '^%d+$') and #stored[2] <= 15 then
  redis.call('DECRBY', base .. ':bytes', stored[2])
end
redis.call('DEL', key, lock, base .. ':i:' .. id, base .. ':n:' .. id)
return 'r'
