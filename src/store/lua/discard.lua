#!lua flags=allow-oom
-- Deletes one message, unless somebody else holds its lock, and keeps what it was under other names for a while.
--
-- KEYS    1 base of the partition
-- ARGV    1 id, 2 value of the lock that the caller holds, 3 operation, 4 how long to keep it in ms
-- Returns `r` removed, `l` locked by another, `x` no such message

local base, id, ttl = KEYS[1], ARGV[1], ARGV[4]
local key, lock = base .. ':m:' .. id, base .. ':l:' .. id
local holder = redis.call('GET', lock)
if holder and holder ~= ARGV[2] then
  return 'l'
end
local stored = redis.pcall('HMGET', key, 's', 'z')
if stored.err then
  -- Something of another program; it can be brought back like a message.
  stored = { '~quarantined' }
elseif not stored[1] then
  return 'x'
end
local set = base .. ':s:' .. stored[1]
-- Its place in the set is a part of it: of a settled message, when it came.
redis.pcall('HSET', key, 'y', redis.call('ZSCORE', set, id) or '')
redis.call('ZREM', set, id)
if string.match(stored[2] or '', '^%d+$') and #stored[2] <= 15 then
  redis.call('DECRBY', base .. ':bytes', stored[2])
end
redis.call('DEL', lock)
for _, kind in ipairs({ 'm', 'i', 'n' }) do
  local from, to = base .. ':' .. kind .. ':' .. id, base .. ':x' .. kind .. ':' .. id
  redis.call('DEL', to)
  if redis.call('EXISTS', from) == 1 then
    redis.call('RENAME', from, to)
    redis.call('PEXPIRE', to, ttl)
  end
end
local list = base .. ':undo:' .. ARGV[3]
redis.call('RPUSH', list, id)
redis.call('PEXPIRE', list, ttl)
return 'r'
