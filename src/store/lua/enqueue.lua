#!lua
-- Stores new messages. Without the flag `allow-oom`: a full server refuses new messages before the first write.
--
-- KEYS    1 base of the partition, `prefix:{queue:index}`
-- ARGV    1 token, 2 ms to remember the token, 3 ms to keep large texts,
--         4 most messages on their way or '', 5 most bytes or '', 6 number of large texts, (number of the message, name, text)…,
--         then for each message:
--         id, state, attention (now | timers), first piece of the journal text, transition (JSON tuple),
--         number of timers, (nonce, delay in ms)…, number of fields, (field, value)…
-- Returns one character a message: `c` created, `d` duplicate, `f` no message is there but something else, `m` and `b` refused by the bound of messages and of bytes;
--         where one was refused, a blank and how many messages there are, a blank and how many bytes

local base, token = KEYS[1], ARGV[1]
local record = base .. ':t:' .. token
local answered = redis.call('GET', record)
if answered then
  -- A write, so that WAIT has something to count: from 7.2 on, it takes a connection that has written nothing for one whose writes are everywhere.
  redis.call('PEXPIRE', record, ARGV[2])
  return answered
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = string.format('%.0f', now)
local PARKED = 4e15
-- Messages of one sender that are due at the same time keep their order: their scores count up within the millisecond, by the
-- microsecond of the call and then by their place in it. A claim looks at whole milliseconds, so none is early or late for it.
local STEP = 0.0005
local fraction = (time[2] % 1000) * 0.00075

local maxMessages, maxBytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local held, bytes = 0, 0
if maxMessages then
  -- Counted each time, so that no counter can drift: what is due some time, with a few sets to ask.
  for _, state in ipairs(redis.call('SMEMBERS', base .. ':states')) do
    held = held + redis.call('ZCOUNT', base .. ':s:' .. state, '-inf', '(4e15')
  end
end
if maxBytes then
  bytes = tonumber(redis.call('GET', base .. ':bytes') or 0)
end
local before = bytes

local function sizeOf(fields)
  local size = 0
  for _, text in ipairs(fields) do
    size = size + #text
  end
  return size
end

local answers, transitions, named, earliest, refused = {}, {}, {}, nil, 0
local large, at = {}, 7 + 3 * ARGV[6]
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

  local size = maxBytes and #id + sizeOf(fields) or 0
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'none' then
    answers[#answers + 1] = kind == 'hash' and 'd' or 'f'
  elseif maxMessages and held >= maxMessages then
    answers[#answers + 1] = 'm'
    refused = refused + 1
  elseif maxBytes and bytes + size > maxBytes then
    answers[#answers + 1] = 'b'
    refused = refused + 1
  else
    if maxBytes then
      -- With the message, so that whoever deletes it takes off just what it was counted for.
      fields[#fields + 1], fields[#fields + 2] = 'z', tostring(size)
      bytes = bytes + size
    end
    -- First what another program can have put something else under: when it fails, nothing of the message is stored.
    local score = due and string.format('%.4f', due + fraction) or string.format('%.0f', PARKED + now)
    redis.call('ZADD', base .. ':s:' .. state, score, id)
    fraction = math.min(fraction + STEP, 0.9995)
    if not named[state] then
      redis.call('SADD', base .. ':states', state)
      named[state] = true
    end
    -- In pieces: Lua cannot unpack some thousands of values at once.
    for i = 1, #fields, 1000 do
      redis.call('HSET', key, unpack(fields, i, math.min(i + 999, #fields)))
    end
    answers[#answers + 1] = 'c'
    transitions[#transitions + 1] = transition
    if due then
      held = held + 1
    end
    if due and (not earliest or due < earliest) then
      earliest = due
    end
  end
end

if bytes > before then
  redis.call('INCRBY', base .. ':bytes', bytes - before)
end
-- By pcall, as everywhere: what is stored is stored, also for a user who may use no channels.
if #transitions > 0 then
  local text = '[' .. table.concat(transitions, ',') .. ']'
  local position = redis.call('XADD', base .. ':events', '*', 't', text, 'at', stamp)
  for i = 7, 6 + 3 * ARGV[6], 3 do
    if answers[tonumber(ARGV[i])] == 'c' then
      large[#large + 1], large[#large + 2] = ARGV[i + 1], ARGV[i + 2]
      redis.pcall('PUBLISH', base .. ':large', position .. ' ' .. ARGV[i + 1] .. '\n' .. ARGV[i + 2])
    end
  end
  if #large > 0 then
    -- As in commit.
    if redis.pcall('XADD', base .. ':large', position, unpack(large)).err then
      redis.call('DEL', base .. ':large')
      redis.call('XADD', base .. ':large', position, unpack(large))
    end
    redis.call('PEXPIRE', base .. ':large', ARGV[3])
  end
  redis.pcall('PUBLISH', base .. ':feed', position .. ' ' .. stamp .. ' ' .. text)
end
if earliest then
  redis.pcall('PUBLISH', base .. ':wake', 'w ' .. string.format('%.0f', earliest))
end

local answer = table.concat(answers)
if refused > 0 then
  answer = answer .. ' ' .. held .. ' ' .. string.format('%.0f', bytes)
end
-- A storm of refused sends leaves nothing behind, not even a record.
if refused < #answers or refused == 0 then
  redis.call('SET', record, answer, 'PX', ARGV[2])
end
return answer
