#!lua flags=allow-oom
-- Takes messages that are no more out of the sets: those that a claim found missing long ago, or those that the caller names. A hash
-- that is there again keeps its place. The caller has made sure that no slot is on its way to another server.
--
-- KEYS    1 base of the partition
-- ARGV    1 how long one must have been missing, in ms, 2 most to look at in this call, then ids, to look at these instead
-- Returns how many were taken out

local base = KEYS[1]
local ids = {}
if #ARGV > 2 then
  for i = 3, #ARGV do
    ids[#ids + 1] = ARGV[i]
  end
else
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  ids = redis.call('ZRANGEBYSCORE', base .. ':missing', '-inf', now - ARGV[1], 'LIMIT', 0, ARGV[2])
end

local states = redis.call('SMEMBERS', base .. ':states')
local forgotten = 0
for _, id in ipairs(ids) do
  if redis.call('EXISTS', base .. ':m:' .. id) == 0 then
    local found = redis.call('DEL', base .. ':i:' .. id, base .. ':n:' .. id)
    for _, state in ipairs(states) do
      found = found + redis.call('ZREM', base .. ':s:' .. state, id)
    end
    if found > 0 then
      forgotten = forgotten + 1
    end
  end
  redis.call('ZREM', base .. ':missing', id)
end
return forgotten
