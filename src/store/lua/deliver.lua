#!lua
-- Appends events to inboxes. A message that nobody holds becomes due now; the worker that holds one is told.
--
-- KEYS    1 base of the partition
-- ARGV    1 token, 2 ms to remember the token, then for each delivery: id, event, event id or '', most events that may wait or '',
--         `1` when it brings back what is finished (a message that failed, or one in quarantine) or ''
-- Returns one character a delivery: `d` delivered, `u` the message has seen this event id, `s` settled (the machine is finished),
--         `f` refused, for as many wait as may; `x` no such message; `k` what is there is none

local base = KEYS[1]
local record = base .. ':t:' .. ARGV[1]
local answered = redis.call('GET', record)
if answered then
  -- A write for WAIT to count, as in enqueue.
  redis.call('PEXPIRE', record, ARGV[2])
  return answered
end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local answers, woken = {}, false
-- More than a sender sends again at once, and little enough to keep.
local REMEMBERED = 1000
local QUARANTINED = '~quarantined'

local function seen(id, eventId)
  local key = base .. ':n:' .. id
  if redis.call('ZADD', key, 'NX', now, eventId) == 0 then
    return true
  end
  redis.call('ZREMRANGEBYRANK', key, 0, -REMEMBERED - 1)
  return false
end

-- Whether another program has put something else where the message or its events belong.
local function isForeign(id, stored)
  local waiting = stored.err or redis.pcall('LLEN', base .. ':i:' .. id)
  local known = redis.pcall('ZCARD', base .. ':n:' .. id)
  return type(waiting) ~= 'number' or type(known) ~= 'number'
end

local function full(id, most)
  return most ~= '' and redis.call('LLEN', base .. ':i:' .. id) >= tonumber(most)
end

for at = 3, #ARGV, 5 do
  local id, event, eventId, most = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local stored = redis.pcall('HMGET', base .. ':m:' .. id, 's', 'x', 'o', 'w', 'F')
  if isForeign(id, stored) then
    answers[#answers + 1] = 'k'
  elseif not stored[1] then
    answers[#answers + 1] = 'x'
  elseif stored[2] and not (ARGV[at + 4] == '1' and (stored[5] or stored[1] == QUARANTINED)) then
    answers[#answers + 1] = 's'
  elseif full(id, most) then
    -- One that is refused is not remembered as seen; one that was seen before needs no room.
    answers[#answers + 1] = eventId ~= '' and redis.call('ZSCORE', base .. ':n:' .. id, eventId) and 'u' or 'f'
  elseif eventId ~= '' and seen(id, eventId) then
    answers[#answers + 1] = 'u'
  else
    redis.call('RPUSH', base .. ':i:' .. id, event)
    answers[#answers + 1] = 'd'
    if stored[3] and redis.call('EXISTS', base .. ':l:' .. id) == 1 then
      redis.pcall('PUBLISH', base .. ':wake', 'm ' .. stored[4] .. '\n' .. id)
    else
      -- `LT`: what is due already keeps its place in the queue.
      redis.call('ZADD', base .. ':s:' .. stored[1], 'XX', 'LT', now, id)
      woken = true
    end
  end
end
if woken then
  redis.pcall('PUBLISH', base .. ':wake', 'w ' .. now)
end
local answer = table.concat(answers)
redis.call('SET', record, answer, 'PX', ARGV[2])
return answer
