#!lua
-- Stores new messages. Without the flag `allow-oom`: a full server refuses new messages before the first write.
--
-- KEYS    1 base of the partition, `prefix:{queue:index}`
-- ARGV    1 token, 2 ms to remember the token, 3 cap of the feed, then for each message:
--         id, state, attention (now | timers), first piece of the journal text, transition (JSON tuple),
--         number of timers, (nonce, delay in ms)…, number of fields, (field, value)…
-- Returns one character a message: `c` created, `d` duplicate

local base, token = KEYS[1], ARGV[1]
local record = base .. ':t:' .. token
local answered = redis.call('GET', record)
if answered then
  return answered
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = string.format('%.0f', now)
local PARKED = 4e15

local answers, transitions, named, earliest = {}, {}, {}, nil
local at = 4
while at <= #ARGV do
  local id, state, attention, journal, transition = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local key = base .. ':m:' .. id
  local fields = { 's', state, 'b', stamp, 'j0', journal == '' and stamp or stamp .. '|' .. journal }
  local due = attention == 'now' and now or nil

  local timers = tonumber(ARGV[at + 5])
  at = at + 6
  for _ = 1, timers do
    local fires = now + ARGV[at + 1]
    fields[#fields + 1] = 'T' .. ARGV[at]
    fields[#fields + 1] = string.format('%.0f', fires)
    if not due or fires < due then
      due = fires
    end
    at = at + 2
  end

  local pairs = tonumber(ARGV[at]) * 2
  for i = at + 1, at + pairs do
    fields[#fields + 1] = ARGV[i]
  end
  at = at + pairs + 1

  if redis.call('EXISTS', key) == 1 then
    answers[#answers + 1] = 'd'
  else
    -- In pieces: Lua cannot unpack some thousands of values at once.
    for i = 1, #fields, 1000 do
      redis.call('HSET', key, unpack(fields, i, math.min(i + 999, #fields)))
    end
    redis.call('ZADD', base .. ':s:' .. state, string.format('%.0f', due or PARKED + now), id)
    if not named[state] then
      redis.call('SADD', base .. ':states', state)
      named[state] = true
    end
    answers[#answers + 1] = 'c'
    transitions[#transitions + 1] = transition
    if due and (not earliest or due < earliest) then
      earliest = due
    end
  end
end

if #transitions > 0 then
  local text = '[' .. table.concat(transitions, ',') .. ']'
  local position = redis.call('XADD', base .. ':events', 'MAXLEN', '~', ARGV[3], '*', 't', text)
  redis.call('PUBLISH', base .. ':feed', position .. ' ' .. text)
end
if earliest then
  redis.call('PUBLISH', base .. ':wake', 'w ' .. string.format('%.0f', earliest))
end

local answer = table.concat(answers)
redis.call('SET', record, answer, 'PX', ARGV[2])
return answer
