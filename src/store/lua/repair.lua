#!lua flags=allow-oom
-- Compares messages with the sets that are their index, and mends the sets: the hash is the truth. It only ever adds what is lacking,
-- takes out what is in the wrong set, and brings forward what is due too late, so it may run beside workers and again and again. What
-- is due too early is left: a worker looks at it, finds nothing to do and puts it right.
--
-- KEYS    1 base of the partition
-- ARGV    1 look | mend, then ids
-- Returns for each id the faults found, one letter each, none when it is sound: `x` there is no hash, `k` what is there is no message,
--         `l` not in the set of its state, `e` also in the set of another state, `n` its state is not in the list of states;
--         due later than `i` its inbox, `t` its earliest timer, `w` the work that waits or `o` the end of its lease want it

local base, mends = KEYS[1], ARGV[1] == 'mend'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local PARKED = 4e15
-- A claim puts off by a minute at most what it cannot have now.
local TOLERANCE = 61000

local states, named = redis.call('SMEMBERS', base .. ':states'), {}
for _, state in ipairs(states) do
  named[state] = true
end

local function leaseEnd(id, owner)
  local lock = base .. ':l:' .. id
  if redis.call('GET', lock) ~= string.match(owner, ':(.*)$') then
    return now
  end
  return now + math.max(redis.call('PTTL', lock), 0)
end

-- What the hash says by the names of its fields: whether an invocation and an action wait, and the earliest timer.
local function contents(key)
  local invocation, action, timer, bare, begun = false, false, nil, nil, false
  for _, field in ipairs(redis.call('HKEYS', key)) do
    local kind = string.sub(field, 1, 1)
    if kind == 'I' then
      invocation = true
    elseif kind == 'A' then
      action = true
    elseif kind == 'T' then
      local due = tonumber(redis.call('HGET', key, field))
      timer = due and math.min(due, timer or due) or timer
    elseif field == 'B' then
      bare = tonumber(redis.call('HGET', key, field))
    elseif field == 'b' or field == 'a' then
      begun = true
    end
  end
  -- One that was stored without what goes without saying is due since then, until its first step.
  timer = timer or (not begun and bare) or nil
  return invocation, action, timer
end

-- When the message needs a worker, and why; neither, when it is to be parked.
local function attention(id, key, message)
  if message.quarantine then
    return nil, nil
  elseif message.owner then
    return leaseEnd(id, message.owner), 'o'
  end
  local invocation, action, timer = contents(key)
  if message.status then
    -- A finished machine has nothing to wait for but its last actions.
    return action and now or nil, 'w'
  elseif redis.call('EXISTS', base .. ':i:' .. id) == 1 then
    return now, 'i'
  elseif invocation or action then
    return now, 'w'
  end
  return timer, 't'
end

local function check(id)
  local key = base .. ':m:' .. id
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then
    return 'x'
  elseif kind ~= 'hash' then
    return 'k'
  end
  local stored = redis.call('HMGET', key, 's', 'o', 'x', 'q', 'a', 'b', 'B')
  local state = stored[1]
  if not state then
    return 'k'
  end
  local faults = ''
  if not named[state] then
    faults = faults .. 'n'
    if mends then
      redis.call('SADD', base .. ':states', state)
    end
  end
  for _, other in ipairs(states) do
    if other ~= state and redis.call('ZSCORE', base .. ':s:' .. other, id) then
      faults = faults .. 'e'
      if mends then
        redis.call('ZREM', base .. ':s:' .. other, id)
      end
    end
  end
  local due, why = attention(id, key, { owner = stored[2], status = stored[3], quarantine = stored[4] })
  local score = redis.call('ZSCORE', base .. ':s:' .. state, id)
  local late = due and score and tonumber(score) > due + TOLERANCE
  if not score or late then
    faults = faults .. (score and why or 'l')
    if mends then
      local parked = PARKED + (tonumber(stored[5] or stored[6] or stored[7]) or now)
      redis.call('ZADD', base .. ':s:' .. state, string.format('%.0f', due or parked), id)
    end
  end
  return faults
end

local answers = {}
for i = 2, #ARGV do
  answers[#answers + 1] = check(ARGV[i])
end
if mends then
  redis.pcall('PUBLISH', base .. ':wake', 'w ' .. string.format('%.0f', now))
end
return answers
