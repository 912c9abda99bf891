#!lua flags=allow-oom
-- Trims the feed, and the large texts that it refers to, by number, bytes and age. Also on a full server: it makes room there. What is
-- kept is measured each time, so that no count can drift. It notes the last entry that went: a reader who was there has missed nothing.
--
-- KEYS    1 base of the partition
-- ARGV    1 entries to keep, 2 bytes of memory to keep, of both together, 3 how long large texts are kept, in ms
-- Returns how many entries of the feed went

local base = KEYS[1]
local events, large = base .. ':events', base .. ':large'
local entries, bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function sizeOf(key)
  return redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) or 0
end

-- Returns how many went, and the last of them. The newest stays: without any, nobody could tell what a position means.
local function shrink(key, most, bound)
  local length = redis.call('XLEN', key)
  local keep, size = math.min(length, most), sizeOf(key)
  -- One more at first, which is the last to go.
  if keep + 1 < length then
    redis.call('XTRIM', key, 'MAXLEN', '=', keep + 1)
    size = sizeOf(key)
  end
  while size > bound and keep > 1 do
    -- Somewhat less than there is room for, so that the next write does not ask again.
    keep = math.max(1, math.min(keep - 1, math.floor(keep * bound * 15 / 16 / size)))
    redis.call('XTRIM', key, 'MAXLEN', '=', keep + 1)
    size = sizeOf(key)
  end
  if keep == length then
    return 0
  end
  local last = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1][1]
  redis.call('XTRIM', key, 'MAXLEN', '=', keep)
  return length - keep, last
end

if redis.call('EXISTS', large) == 1 then
  redis.call('XTRIM', large, 'MINID', '=', string.format('%.0f', math.max(now - ARGV[3], 0)))
  shrink(large, math.huge, bytes / 2)
end
local gone, last = shrink(events, entries, bytes - math.min(sizeOf(large), bytes / 2))
if last then
  redis.call('SET', base .. ':trimmed', last)
end
return gone
