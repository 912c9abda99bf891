#!lua
-- Stores new messages. Without the flag `allow-oom`: a full server refuses new messages before the first write.
--
-- KEYS    1 base of the partition, `prefix:{queue:index}`
-- ARGV    1 token, 2 ms to remember the token, 3 ms to keep large texts,
--         4 most messages on their way or '', 5 most bytes or '', 6 number of large texts, (number of the message, name, text)…,
--         then for each first step that messages have in common:
--         state, attention (now | timers | bare: as the default machine begins, which goes without saying), first piece of the journal text,
--         rest of the transition (members of a JSON array), number of timers, (nonce, delay in ms)…, number of fields, (field, value)…,
--         number of messages, and for each: id, number of its own fields, (field, value)…
-- Returns one character a message: `c` created, `d` duplicate, `f` no message is there but something else, `m` and `b` refused by the bound of messages and of bytes;
--         where one was refused, a blank and how many messages there are, a blank and how many bytes

local base, token = KEYS[1], ARGV[1]
local call, format = redis.call, string.format
local record = base .. ':t:' .. token
local answered = call('GET', record)
if answered then
  -- A write, so that WAIT has something to count: from 7.2 on, it takes a connection that has written nothing for one whose writes are everywhere.
  redis.call('PEXPIRE', record, ARGV[2])
  return answered
end

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = format('%.0f', now)
local PARKED = 4e15
-- Messages of one sender that are due at the same time keep their order: their scores count up within the millisecond, by the
-- microsecond of the call and then by their place in it. A claim looks at whole milliseconds, so none is early or late for it.
local STEP = 0.0005
local fraction = (time[2] % 1000) * 0.00075

local maxMessages, maxBytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local held, bytes = 0, 0
if maxMessages then
  -- Counted each time, so that no counter can drift: what is due some time, with a few sets to ask.
  for _, state in ipairs(call('SMEMBERS', base .. ':states')) do
    held = held + call('ZCOUNT', base .. ':s:' .. state, '-inf', '(4e15')
  end
end
if maxBytes then
  bytes = tonumber(call('GET', base .. ':bytes') or 0)
end
local before = bytes
local prefix = base .. ':m:'
local large, at = {}, 7 + 3 * ARGV[6]

local function read()
  at = at + 1
  return ARGV[at - 1]
end

-- What its messages have in common: their fields so far, and when they are due.
local function readStep()
  local state, attention, journal, transition = read(), read(), read(), read()
  local step = { state = state, transition = transition, due = attention ~= 'timers' and now or nil, ids = {}, starts = {} }
  local fields = { 's', state, attention == 'bare' and 'B' or 'b', stamp }
  if attention ~= 'bare' then
    fields[5], fields[6] = 'j0', journal == '' and stamp or stamp .. '|' .. journal
  end
  for _ = 1, tonumber(read()) do
    local nonce = read()
    local fires = now + read()
    fields[#fields + 1], fields[#fields + 2] = 'T' .. nonce, format('%.0f', fires)
    if not step.due or fires < step.due then
      step.due = fires
    end
  end
  for _ = 1, tonumber(read()) do
    fields[#fields + 1], fields[#fields + 2] = read(), read()
  end
  step.fields = fields
  for i = 1, tonumber(read()) do
    step.ids[i], step.starts[i] = ARGV[at], at + 1
    at = at + 2 + 2 * ARGV[at + 1]
  end
  return step
end

local steps, keys = {}, {}
while at <= #ARGV do
  local step = readStep()
  steps[#steps + 1] = step
  for _, id in ipairs(step.ids) do
    keys[#keys + 1] = prefix .. id
  end
end

-- Lua cannot unpack some thousands of values at once.
local function inPieces(command, key, values, last)
  for i = 1, last or #values, 1000 do
    call(command, key, unpack(values, i, math.min(i + 999, last or #values)))
  end
end

-- Nearly always all of them are new, which one call can tell.
local fresh = #keys > 0 and #keys <= 1000 and call('EXISTS', unpack(keys)) == 0
local answers, seen, refused = {}, {}, 0

-- Its fields behind those that it has in common with others; how many values that are.
local function ownFields(fields, shared, start)
  local own = 2 * ARGV[start]
  for i = 1, own do
    fields[shared + i] = ARGV[start + i]
  end
  return shared + own
end

local function sizeOf(id, fields, last)
  local size = #id
  for i = 1, last do
    size = size + #fields[i]
  end
  return size
end

local function verdict(id, size)
  local kind = (fresh and not seen[id]) and 'none' or call('TYPE', prefix .. id).ok
  if seen[id] then
    return 'd'
  elseif kind ~= 'none' then
    return kind == 'hash' and 'd' or 'f'
  elseif maxMessages and held >= maxMessages then
    return 'm'
  elseif maxBytes and bytes + size > maxBytes then
    return 'b'
  end
  return 'c'
end

local told, earliest = {}, nil
for _, step in ipairs(steps) do
  local fields, shared = step.fields, #step.fields
  local members, ids, kept = {}, {}, {}
  for i, id in ipairs(step.ids) do
    local size = maxBytes and sizeOf(id, fields, ownFields(fields, shared, step.starts[i])) or 0
    local answer = verdict(id, size)
    answers[#answers + 1] = answer
    if answer == 'c' then
      seen[id] = true
      local n = #ids + 1
      members[2 * n - 1] = step.due and format('%.4f', step.due + fraction) or format('%.0f', PARKED + now)
      members[2 * n], ids[n], kept[n] = id, id, { step.starts[i], size }
      fraction = math.min(fraction + STEP, 0.9995)
      bytes = bytes + size
      held = held + (step.due and 1 or 0)
    elseif answer ~= 'd' then
      refused = refused + (answer == 'f' and 0 or 1)
    end
  end
  if #ids > 0 then
    -- First what another program can have put something else under: when it fails, nothing of these messages is stored.
    inPieces('ZADD', base .. ':s:' .. step.state, members)
    call('SADD', base .. ':states', step.state)
    for n, id in ipairs(ids) do
      local last = ownFields(fields, shared, kept[n][1])
      if maxBytes then
        -- With the message, so that whoever deletes it takes off just what it was counted for.
        fields[last + 1], fields[last + 2] = 'z', tostring(kept[n][2])
        last = last + 2
      end
      inPieces('HSET', prefix .. id, fields, last)
    end
    told[#told + 1] = '[' .. cjson.encode(#ids == 1 and ids[1] or ids) .. ',' .. step.transition .. ']'
    if step.due and (not earliest or step.due < earliest) then
      earliest = step.due
    end
  end
end

if bytes > before then
  call('INCRBY', base .. ':bytes', bytes - before)
end
-- By pcall, as everywhere: what is stored is stored, also for a user who may use no channels.
if #told > 0 then
  local text = '[' .. table.concat(told, ',') .. ']'
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
  redis.pcall('PUBLISH', base .. ':wake', 'w ' .. format('%.0f', earliest))
end

local answer = table.concat(answers)
if refused > 0 then
  answer = answer .. ' ' .. held .. ' ' .. format('%.0f', bytes)
end
-- A storm of refused sends leaves nothing behind, not even a record.
if refused < #answers or refused == 0 then
  redis.call('SET', record, answer, 'PX', ARGV[2])
end
return answer
