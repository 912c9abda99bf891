#!lua flags=allow-oom
-- Deletes settled messages of one state: those that entered it longer ago than an age, then all but the newest of a count, or of
-- so many as bytes allow.
-- Only parked members are looked at: a message with a timer, an event or a lease is on its way and is never trimmed.
--
-- KEYS    1 base of the partition
-- ARGV    1 state, 2 age in ms or '', 3 how many to keep or '', 4 bytes of memory to keep or '', 5 most to delete in this call
-- Returns how many were deleted

local base, state, limit = KEYS[1], ARGV[1], tonumber(ARGV[5])
local set = base .. ':s:' .. state
local PARKED = 4e15
local parked = string.format('%.0f', PARKED)

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- What the server itself counts for a message, on the average of some at equal distances: of all, where there are few.
local SAMPLES = 100

local function meanSize(count)
  local first = redis.call('ZCOUNT', set, '-inf', '(' .. parked)
  local samples, sum, found = math.min(count, SAMPLES), 0, 0
  for i = 0, samples - 1 do
    local rank = first + math.floor(i * count / samples)
    local id = redis.call('ZRANGE', set, rank, rank)[1]
    local size = id and redis.call('MEMORY', 'USAGE', base .. ':m:' .. id, 'SAMPLES', '0')
    if size then
      sum, found = sum + size, found + 1
    end
  end
  return found > 0 and sum / found or nil
end

local function allowed(count)
  local keep = tonumber(ARGV[3])
  local mean = ARGV[4] ~= '' and count > 0 and meanSize(count)
  if mean then
    keep = math.min(keep or count, math.floor(ARGV[4] / mean))
  end
  return keep
end

local doomed = {}
if ARGV[2] ~= '' then
  local oldest = PARKED + now - ARGV[2]
  doomed = redis.call('ZRANGEBYSCORE', set, parked, string.format('%.0f', oldest), 'LIMIT', 0, limit)
end
if (ARGV[3] ~= '' or ARGV[4] ~= '') and #doomed < limit then
  local count = redis.call('ZCOUNT', set, parked, '+inf')
  local excess = math.min(count - (allowed(count) or count), limit)
  if excess > #doomed then
    doomed = redis.call('ZRANGEBYSCORE', set, parked, '+inf', 'LIMIT', 0, excess)
  end
end

local deleted, freed = 0, 0
for _, id in ipairs(doomed) do
  local stored = redis.pcall('HMGET', base .. ':m:' .. id, 's', 'z')
  local actual = stored[1]
  if stored.err then
    -- What another program has put in its place is for somebody to look at.
    redis.call('SADD', base .. ':states', '~quarantined')
    redis.call('ZADD', base .. ':s:~quarantined', string.format('%.0f', PARKED + now), id)
    redis.call('ZREM', set, id)
  elseif actual and actual ~= state then
    -- The hash is the truth, the sets are its index: this message lives, and the next claimer sees what it needs.
    redis.call('SADD', base .. ':states', actual)
    redis.call('ZADD', base .. ':s:' .. actual, 'NX', string.format('%.0f', now), id)
    redis.call('ZREM', set, id)
  elseif redis.call('EXISTS', base .. ':l:' .. id) == 0 then
    redis.call('DEL', base .. ':m:' .. id, base .. ':i:' .. id, base .. ':n:' .. id)
    redis.call('ZREM', set, id)
    deleted, freed = deleted + 1, freed + (#(stored[2] or '') <= 15 and string.match(stored[2] or '', '^%d+$') or 0)
  end
end
if freed > 0 then
  redis.call('DECRBY', base .. ':bytes', freed)
end
return deleted
