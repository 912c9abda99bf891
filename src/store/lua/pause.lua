#!lua flags=allow-oom
-- Stops the claims of a partition, or lets them go on. Also on a full server: there it may be just what somebody needs.
--
-- KEYS    1 base of the partition
-- ARGV    1 `1` to stop them, `0` to let them go on
-- Returns 1 when that changed anything, else 0

local base, key = KEYS[1], KEYS[1] .. ':paused'
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if ARGV[1] == '1' then
  local changed = redis.call('SETNX', key, now)
  -- Whoever holds messages ready gives them back.
  redis.pcall('PUBLISH', base .. ':wake', 'p')
  return changed
end
local changed = redis.call('DEL', key)
redis.pcall('PUBLISH', base .. ':wake', 'w ' .. now)
return changed
