#!lua flags=allow-oom
-- Deletes settled messages of one state: those that entered it longer ago than an age, then all but the newest of a count.
-- Only parked members are looked at: a message with a timer, an event or a lease is on its way and is never trimmed.
--
-- KEYS    1 base of the partition
-- ARGV    1 state, 2 age in ms or '', 3 how many to keep or '', 4 most to delete in this call
-- Returns how many were deleted

local base, state, limit = KEYS[1], ARGV[1], tonumber(ARGV[4])
local set = base .. ':s:' .. state
local PARKED = 4e15
local parked = string.format('%.0f', PARKED)

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local doomed = {}
if ARGV[2] ~= '' then
  local oldest = PARKED + now - ARGV[2]
  doomed = redis.call('ZRANGEBYSCORE', set, parked, string.format('%.0f', oldest), 'LIMIT', 0, limit)
end
if ARGV[3] ~= '' and #doomed < limit then
  local excess = math.min(redis.call('ZCOUNT', set, parked, '+inf') - ARGV[3], limit)
  if excess > #doomed then
    doomed = redis.call('ZRANGEBYSCORE', set, parked, '+inf', 'LIMIT', 0, excess)
  end
end

local deleted = 0
for _, id in ipairs(doomed) do
  local actual = redis.call('HGET', base .. ':m:' .. id, 's')
  if actual and actual ~= state then
    -- The hash is the truth, the sets are its index: this message lives, and the next claimer sees what it needs.
    redis.call('SADD', base .. ':states', actual)
    redis.call('ZADD', base .. ':s:' .. actual, 'NX', string.format('%.0f', now), id)
    redis.call('ZREM', set, id)
  elseif redis.call('EXISTS', base .. ':l:' .. id) == 0 then
    redis.call('DEL', base .. ':m:' .. id, base .. ':i:' .. id, base .. ':n:' .. id)
    redis.call('ZREM', set, id)
    deleted = deleted + 1
  end
end
return deleted
