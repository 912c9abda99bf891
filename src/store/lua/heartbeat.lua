#!lua flags=allow-oom
-- Renews the leases of one worker. A beat whose fence is not the owner's changes nothing and says so.
--
-- KEYS    1 base of the partition
-- ARGV    1 lease in ms, then for each message: id, fence, progress or ''
-- Returns one character a message: `r` renewed, `m` renewed and the inbox has events, `l` lost

local base, lease = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leaseEnd = string.format('%.0f', now + lease)

local answers = {}
for at = 2, #ARGV, 3 do
  local id, fence, progress = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local key, lock = base .. ':m:' .. id, base .. ':l:' .. id
  local token = string.match(fence, ':(.*)$')
  local stored = redis.pcall('HMGET', key, 'o', 's')
  local holder = redis.call('GET', lock)
  if stored[1] ~= fence or (holder and holder ~= token) then
    answers[#answers + 1] = 'l'
  else
    redis.call('SET', lock, token, 'PX', lease)
    redis.call('ZADD', base .. ':s:' .. stored[2], 'XX', leaseEnd, id)
    if progress ~= '' then
      redis.call('HSET', key, 'g', progress)
      redis.pcall('PUBLISH', base .. ':feed', 'p ' .. id .. '\n' .. progress)
    end
    answers[#answers + 1] = redis.call('EXISTS', base .. ':i:' .. id) == 1 and 'm' or 'r'
  end
end
return table.concat(answers)
