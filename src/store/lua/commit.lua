#!lua flags=allow-oom
-- Writes the results of steps. Every entry is checked before its first write, and guarded by its fence: the owner that the
-- claim (or the last commit) wrote. The revision alone is not enough, a failover can roll it back; nor is the token alone.
--
-- KEYS    1 base of the partition
-- ARGV    1 lease in ms, 2 ms to keep large texts, 3 number of large texts, (number of the entry, name, text)…, then for each entry:
--         id, fence, state, disposal (keep | release | defer | settle | park | remove), attention (now | timers), earliest kept timer or '',
--         events consumed (of one to park: events looked at, or ''), entered (1 | 0),
--         number of fields to set, (field, value)…, number of fields to delete, field…,
--         number of timers to set, (nonce, delay in ms)…, number of journal entries, (number, first piece of the text)…,
--         number of transitions, transition (JSON tuple)…
-- Returns { now, statuses } with one character an entry: `a` applied, `m` applied and the inbox has events,
--         `d` duplicate, `f` fenced, `u` unknown

local base, lease = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = string.format('%.0f', now)
local PARKED = 4e15

local statuses, transitions, named, earliest = {}, {}, {}, nil
local large, at = {}, 4 + 3 * ARGV[3]

local function count()
  at = at + 1
  return tonumber(ARGV[at - 1])
end

local function read()
  local entry = { sets = {}, deletes = {}, transitions = {} }
  entry.id, entry.fence, entry.state, entry.disposal = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  entry.due = ARGV[at + 4] == 'now' and now or tonumber(ARGV[at + 5])
  entry.consumed, entry.entered = tonumber(ARGV[at + 6]) or math.huge, ARGV[at + 7] == '1'
  at = at + 8
  local sets = entry.sets
  for _ = 1, count() do
    sets[#sets + 1], sets[#sets + 2] = ARGV[at], ARGV[at + 1]
    at = at + 2
  end
  for _ = 1, count() do
    entry.deletes[#entry.deletes + 1] = ARGV[at]
    at = at + 1
  end
  for _ = 1, count() do
    local fires = now + ARGV[at + 1]
    sets[#sets + 1], sets[#sets + 2] = 'T' .. ARGV[at], string.format('%.0f', fires)
    if not entry.due or fires < entry.due then
      entry.due = fires
    end
    at = at + 2
  end
  for _ = 1, count() do
    sets[#sets + 1], sets[#sets + 2] = 'j' .. ARGV[at], stamp .. '|' .. ARGV[at + 1]
    at = at + 2
  end
  for _ = 1, count() do
    entry.transitions[#entry.transitions + 1] = ARGV[at]
    at = at + 1
  end
  return entry
end

local function verdict(entry, stored, lock, token)
  if not stored[3] then
    return 'u'
  elseif stored[2] == entry.fence then
    return 'd'
  elseif stored[1] ~= entry.fence or (lock and lock ~= token) then
    return 'f'
  end
  return 'a'
end

-- Only where messages were counted is there anything to take off; asked once a call.
local counted, freed = nil, 0

local function uncount(id)
  if counted == nil then
    counted = redis.call('EXISTS', base .. ':bytes') == 1
  end
  if counted then
    local size = redis.call('HGET', base .. ':m:' .. id, 'z') or ''
    freed = freed + (#size <= 15 and string.match(size, '^%d+$') or 0)
  end
end

local function remove(entry, old)
  uncount(entry.id)
  redis.call('DEL', base .. ':m:' .. entry.id, base .. ':l:' .. entry.id, base .. ':i:' .. entry.id, base .. ':n:' .. entry.id)
  redis.call('ZREM', base .. ':s:' .. old, entry.id)
  return 'a'
end

-- Lua cannot unpack some thousands of values at once.
local function inPieces(command, key, values)
  for i = 1, #values, 1000 do
    redis.call(command, key, unpack(values, i, math.min(i + 999, #values)))
  end
end

local function index(entry, old, score)
  if old ~= entry.state then
    redis.call('ZREM', base .. ':s:' .. old, entry.id)
    if not named[entry.state] then
      redis.call('SADD', base .. ':states', entry.state)
      named[entry.state] = true
    end
  end
  redis.call('ZADD', base .. ':s:' .. entry.state, string.format('%.0f', score), entry.id)
end

-- A message that was stored without what goes without saying has it written out. Its first timer is over once it has entered a second state;
-- what the commit itself takes away is deleted behind this.
local BARE_TIMER, BARE_EVENT = '0-0', 'xstate.after.deliver.message.pending'

local function fillIn(sets, since, hasBegun)
  sets[#sets + 1], sets[#sets + 2] = 'b', since
  sets[#sets + 1], sets[#sets + 2] = 'j0', since .. '|pending'
  if not hasBegun then
    sets[#sets + 1], sets[#sets + 2] = 'T' .. BARE_TIMER, since
    sets[#sets + 1], sets[#sets + 2] = 'E' .. BARE_TIMER, BARE_EVENT
  end
end

local function write(entry, old, lock, token)
  local key, inbox = base .. ':m:' .. entry.id, base .. ':i:' .. entry.id
  local sets, deletes = entry.sets, entry.deletes
  sets[#sets + 1], sets[#sets + 2] = 's', entry.state
  sets[#sets + 1], sets[#sets + 2] = 'k', entry.fence
  if entry.entered then
    sets[#sets + 1], sets[#sets + 2] = 'a', stamp
  end

  local mail = false
  if entry.disposal == 'settle' then
    redis.call('DEL', inbox, base .. ':n:' .. entry.id)
  else
    if entry.consumed > 0 and entry.disposal ~= 'park' then
      redis.pcall('LTRIM', inbox, entry.consumed, -1)
    end
    mail = redis.call('EXISTS', inbox) == 1
  end

  local revision = redis.call('HINCRBY', key, 'r', 1)
  if entry.disposal == 'keep' then
    sets[#sets + 1], sets[#sets + 2] = 'o', string.format('%.0f', revision) .. ':' .. token
    redis.call('SET', base .. ':l:' .. entry.id, token, 'PX', lease)
    index(entry, old, now + lease)
  else
    deletes[#deletes + 1], deletes[#deletes + 2], deletes[#deletes + 3] = 'o', 'w', 'g'
    if lock then
      redis.call('DEL', base .. ':l:' .. entry.id)
    end
    local due = mail and now or entry.due
    if entry.disposal == 'defer' then
      due = entry.due
    elseif entry.disposal == 'park' then
      -- What came while somebody looked may be just what lets it out.
      local waiting = redis.pcall('LLEN', inbox)
      due = type(waiting) == 'number' and waiting > entry.consumed and now or nil
    elseif entry.disposal ~= 'release' then
      due = nil
    end
    index(entry, old, due or PARKED + now)
    if due and (not earliest or due < earliest) then
      earliest = due
    end
  end
  inPieces('HSET', key, sets)
  inPieces('HDEL', key, deletes)
  return mail and 'm' or 'a'
end

while at <= #ARGV do
  local entry = read()
  local token = string.match(entry.fence, ':(.*)$')
  local stored = redis.pcall('HMGET', base .. ':m:' .. entry.id, 'o', 'k', 's', 'b', 'B', 'a')
  local lock = redis.call('GET', base .. ':l:' .. entry.id)
  local status = verdict(entry, stored, lock, token)
  if status == 'a' then
    if stored[5] and not stored[4] then
      fillIn(entry.sets, stored[5], stored[6])
    end
    status = entry.disposal == 'remove' and remove(entry, stored[3]) or write(entry, stored[3], lock, token)
    for _, transition in ipairs(entry.transitions) do
      transitions[#transitions + 1] = transition
    end
  end
  statuses[#statuses + 1] = status
end

if freed > 0 then
  redis.call('DECRBY', base .. ':bytes', freed)
end
if #transitions > 0 then
  local text = '[' .. table.concat(transitions, ',') .. ']'
  local position = redis.call('XADD', base .. ':events', '*', 't', text, 'at', stamp)
  for i = 4, 3 + 3 * ARGV[3], 3 do
    if string.match(statuses[tonumber(ARGV[i])], '[am]') then
      large[#large + 1], large[#large + 2] = ARGV[i + 1], ARGV[i + 2]
      redis.pcall('PUBLISH', base .. ':large', position .. ' ' .. ARGV[i + 1] .. '\n' .. ARGV[i + 2])
    end
  end
  if #large > 0 then
    -- Where the feed was begun anew, its positions may be below those that are here.
    if redis.pcall('XADD', base .. ':large', position, unpack(large)).err then
      redis.call('DEL', base .. ':large')
      redis.call('XADD', base .. ':large', position, unpack(large))
    end
    redis.call('PEXPIRE', base .. ':large', ARGV[2])
  end
  redis.pcall('PUBLISH', base .. ':feed', position .. ' ' .. stamp .. ' ' .. text)
end
if earliest and earliest <= now + 1000 then
  redis.pcall('PUBLISH', base .. ':wake', 'w ' .. string.format('%.0f', earliest))
end
return { stamp, table.concat(statuses) }
