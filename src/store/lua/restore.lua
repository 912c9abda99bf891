#!lua
-- Brings discarded messages back to where they were; those that were due meanwhile are due now. Without the flag `allow-oom`: a full
-- server takes back no more than it takes new messages.
--
-- KEYS    1 base of the partition
-- ARGV    ids
-- Returns one character an id: `r` restored, `p` a message with this id is there, `x` it is kept no more

local base = KEYS[1]
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local function restore(id)
  local key = base .. ':m:' .. id
  if redis.call('EXISTS', key) == 1 then
    return 'p'
  elseif redis.call('EXISTS', base .. ':xm:' .. id) == 0 then
    return 'x'
  end
  for _, kind in ipairs({ 'm', 'i', 'n' }) do
    local from, to = base .. ':x' .. kind .. ':' .. id, base .. ':' .. kind .. ':' .. id
    if redis.call('EXISTS', from) == 1 then
      redis.call('RENAME', from, to)
      redis.call('PERSIST', to)
    end
  end
  local stored = redis.pcall('HMGET', key, 's', 'z', 'y')
  if stored.err then
    stored = { '~quarantined', false, string.format('%.0f', 4e15 + now) }
  end
  redis.pcall('HDEL', key, 'y')
  redis.call('SADD', base .. ':states', stored[1])
  redis.call('ZADD', base .. ':s:' .. stored[1], tonumber(stored[3]) and stored[3] or now, id)
  if string.match(stored[2] or '', '^%d+$') and #stored[2] <= 15 then
    redis.call('INCRBY', base .. ':bytes', stored[2])
  end
  return 'r'
end

local answers = {}
for _, id in ipairs(ARGV) do
  answers[#answers + 1] = restore(id)
end
redis.pcall('PUBLISH', base .. ':wake', 'w ' .. now)
return table.concat(answers)
