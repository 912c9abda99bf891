#!lua flags=allow-oom
-- Both ends of the commonest life in one call: commits messages that are finished, and hands out new ones already started.
--
-- A recipe, which is the claiming worker's own, says how a message begins that waits as it was stored. What does not match it exactly (an
-- event in the inbox, another version, a lock, any field more) is left to `claim`.
--
-- KEYS    1 base of the partition
-- ARGV    1 token (32 hex characters; the value of the locks too), 2 worker, 3 limit, 4 lease in ms, 5 ms to remember the token,
--         6 token of a round that was answered before, or ''
--         7 state of the recipe or '', then 8 machine, 9 state after, 10 journal text, 11 rest of the transition (members of a JSON array),
--         12 number of timers, (field, delay in ms)…, number of fields, (field, value)…
--         then for each group of commits: settle | remove, fence, state before, state after, number of the journal line, its text or '',
--         rest of the transition, number of fields to set, (field, value)…, number of fields to delete, field…, number of messages, and for
--         each: id, rest of its own transition or '', number of its own fields, (field, value)…
-- Returns { now, next due, '' or `p` while paused, `o` when others are due that no recipe is for, statuses of the commits, one character each
--         as `commit` has them, id, time of its send followed by its input, … }

local base, token, worker = KEYS[1], ARGV[1], ARGV[2]
local limit, lease = tonumber(ARGV[3]), tonumber(ARGV[4])
local call, format = redis.call, string.format
local record = base .. ':t:' .. token
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp, leaseEnd = format('%.0f', now), format('%.0f', now + lease)
local messages, locks, sets = base .. ':m:', base .. ':l:', base .. ':s:'
local PARKED = 4e15
-- Of a start: the claim and the commit that begins the attempt in one.
local owner = '2:' .. token

local at = 7
local function read()
  at = at + 1
  return ARGV[at - 1]
end

local function count()
  return tonumber(read())
end

local recipe = { state = read() }
if recipe.state ~= '' then
  recipe.machine, recipe.to, recipe.journal, recipe.transition = read(), read(), read(), read()
  recipe.fields = { 's', recipe.to, 'r', '2', 'o', owner, 'w', worker, 'a', stamp, 'j1', stamp .. '|' .. recipe.journal }
  local fields = recipe.fields
  for _ = 1, count() do
    local field = read()
    fields[#fields + 1], fields[#fields + 2] = field, format('%.0f', now + read())
  end
  for _ = 1, 2 * count() do
    fields[#fields + 1] = read()
  end
end

local function mapOf(flat)
  local map = {}
  for i = 1, #flat, 2 do
    map[flat[i]] = flat[i + 1]
  end
  return map
end

local PIECES = { 'p.1', 'p.2', 'p.3', 'p.4', 'p.5', 'p.6', 'p.7' }

-- The input of a hash that holds nothing but what a send has stored there, `s B m p p.1 …`; nothing of any other.
local function inputOf(flat)
  local n = #flat
  if flat[1] == 's' and flat[3] == 'B' and flat[5] == 'm' and flat[7] == 'p' and n <= 22 then
    if flat[2] ~= recipe.state or flat[6] ~= recipe.machine then
      return nil
    end
    local input = flat[8]
    for i = 9, n, 2 do
      if flat[i] ~= PIECES[(i - 7) / 2] then
        return nil
      end
      input = input .. flat[i + 1]
    end
    return flat[4] .. input
  end
  -- A hash of large values has its fields in any order.
  local map = mapOf(flat)
  if n ~= 8 or map.s ~= recipe.state or map.m ~= recipe.machine or not map.B or not map.p then
    return nil
  end
  return map.B .. map.p
end

local function storedInput(id)
  local map = mapOf(call('HGETALL', messages .. id))
  local input, piece = map.p or '', 1
  while map['p.' .. piece] do
    input, piece = input .. map['p.' .. piece], piece + 1
  end
  return (map.b or map.B) .. input
end

-- A round that is sent again, because its reply was lost, is answered alike in both halves: the statuses as they were, and the messages that
-- are still its own.
local known = call('GET', record)
if known then
  local bar = string.find(known, '|', 1, true)
  local reply = { stamp, stamp, '', string.sub(known, 1, bar - 1) }
  for id in string.gmatch(string.sub(known, bar + 1), '[^\n]+') do
    local mine = redis.pcall('HMGET', messages .. id, 'o', 's')
    local holder = call('GET', locks .. id)
    if mine[1] == owner and (not holder or holder == token) then
      call('SET', locks .. id, token, 'PX', lease)
      call('ZADD', sets .. mine[2], 'XX', leaseEnd, id)
      reply[#reply + 1], reply[#reply + 2] = id, storedInput(id)
    end
  end
  return reply
end

local told, statuses = {}, {}
local function tell(ids, rest)
  told[#told + 1] = '[' .. cjson.encode(#ids == 1 and ids[1] or ids) .. ',' .. rest .. ']'
end

local function verdict(key, fence, lock, lockToken)
  local mine = redis.pcall('HGET', key, 'o')
  if mine == fence and (not lock or lock == lockToken) then
    return 'a'
  end
  local stored = redis.pcall('HMGET', key, 'k', 's')
  if not stored[2] then
    return 'u'
  elseif stored[1] == fence then
    return 'd'
  end
  return 'f'
end

local function readGroup()
  local group = { disposal = read(), fence = read(), from = read(), to = read() }
  local line, journal = read(), read()
  -- A revision goes up with each commit; the fence says which one it was.
  local revision = format('%.0f', tonumber(string.match(group.fence, '^%d+')) + 1)
  group.transition, group.deletes = read(), {}
  group.sets = { 's', group.to, 'k', group.fence, 'a', stamp, 'r', revision }
  if journal ~= '' then
    group.sets[9], group.sets[10] = 'j' .. line, stamp .. '|' .. journal
  end
  for _ = 1, 2 * count() do
    group.sets[#group.sets + 1] = read()
  end
  for i = 1, count() do
    group.deletes[i] = read()
  end
  group.shared = #group.sets
  return group
end

local function settle(group, key, own)
  local fields, shared = group.sets, group.shared
  for i = 1, #own do
    fields[shared + i] = own[i]
  end
  call('HSET', key, unpack(fields, 1, shared + #own))
  if #group.deletes > 0 then
    call('HDEL', key, unpack(group.deletes))
  end
end

local function commitGroup()
  local group = readGroup()
  local lockToken = string.match(group.fence, ':(.*)$')
  local ids, rests, own, lockKeys = {}, {}, {}, {}
  for i = 1, count() do
    ids[i], rests[i], own[i] = read(), read(), {}
    lockKeys[i] = locks .. ids[i]
    for j = 1, 2 * count() do
      own[i][j] = read()
    end
  end
  local held = call('MGET', unpack(lockKeys))
  local applied, together, gone, members = {}, {}, {}, {}
  for i, id in ipairs(ids) do
    local key = messages .. id
    local status = verdict(key, group.fence, held[i], lockToken)
    statuses[#statuses + 1] = status
    if status == 'a' then
      applied[#applied + 1] = id
      if group.disposal == 'remove' then
        gone[#gone + 1] = key
      else
        settle(group, key, own[i])
        members[#members + 1], members[#members + 2] = format('%.0f', PARKED + now), id
      end
      gone[#gone + 1], gone[#gone + 2], gone[#gone + 3] = lockKeys[i], base .. ':i:' .. id, base .. ':n:' .. id
      if rests[i] == '' then
        together[#together + 1] = id
      else
        tell({ id }, rests[i])
      end
    end
  end
  if #applied == 0 then
    return
  end
  call('DEL', unpack(gone))
  call('ZREM', sets .. group.from, unpack(applied))
  if #members > 0 then
    call('ZADD', sets .. group.to, unpack(members))
    call('SADD', base .. ':states', group.to)
  end
  if #together > 0 then
    tell(together, group.transition)
  end
end

while at <= #ARGV do
  commitGroup()
end

-- Starts due messages by the recipe. It takes no more than its share, so that no state starves another; `claim` gives the others their turn.
local taken, reply = {}, { stamp, '', '', '' }
local soon = format('(%.0f', now + 1)

-- How many other states have something due, and when the first of all is.
local function heads()
  local due, next = 0, nil
  for _, state in ipairs(call('SMEMBERS', base .. ':states')) do
    local head = redis.pcall('ZRANGE', sets .. state, 0, 0, 'WITHSCORES')
    local score = not head.err and tonumber(head[2])
    if score and score < PARKED then
      if state ~= recipe.state and score < now + 1 then
        due = due + 1
      end
      next = math.min(next or score, score)
    end
  end
  return due, next
end

local function startAll(quota)
  local ids = redis.pcall('ZRANGEBYSCORE', sets .. recipe.state, '-inf', soon, 'LIMIT', 0, quota)
  if ids.err or #ids == 0 then
    return ids.err ~= nil
  end
  local inboxes, members, others = {}, {}, false
  for i, id in ipairs(ids) do
    inboxes[i] = base .. ':i:' .. id
  end
  local withoutEvents = call('EXISTS', unpack(inboxes)) == 0
  for i, id in ipairs(ids) do
    local flat = redis.pcall('HGETALL', messages .. id)
    local input = not flat.err and #flat > 0 and (withoutEvents or call('EXISTS', inboxes[i]) == 0) and inputOf(flat)
    if input and call('SET', locks .. id, token, 'NX', 'PX', lease) then
      call('HSET', messages .. id, unpack(recipe.fields))
      taken[#taken + 1] = id
      members[#members + 1], members[#members + 2] = leaseEnd, id
      reply[#reply + 1], reply[#reply + 2] = id, input
    else
      others = true
    end
  end
  if #taken > 0 then
    call('ZREM', sets .. recipe.state, unpack(taken))
    call('ZADD', sets .. recipe.to, unpack(members))
    call('SADD', base .. ':states', recipe.to)
    tell(taken, recipe.transition)
  end
  return others
end

if limit > 0 and call('EXISTS', base .. ':paused') == 1 then
  reply[2], reply[3] = '', 'p'
elseif limit > 0 then
  local due, next = heads()
  local others = due > 0
  if recipe.state ~= '' then
    others = startAll(math.ceil(limit / (due + 1))) or others
  else
    others = next and next < now + 1
  end
  if #taken < limit then
    next = select(2, heads())
    reply[2] = next and format('%.0f', math.floor(next)) or ''
  else
    reply[2] = stamp
  end
  reply[3] = others and 'o' or ''
end

reply[4] = table.concat(statuses)
if ARGV[6] ~= '' then
  call('DEL', base .. ':t:' .. ARGV[6])
end
if #statuses > 0 or #taken > 0 then
  call('SET', record, reply[4] .. '|' .. table.concat(taken, '\n'), 'PX', ARGV[5])
end
if #told > 0 then
  local text = '[' .. table.concat(told, ',') .. ']'
  local position = call('XADD', base .. ':events', '*', 't', text, 'at', stamp)
  redis.pcall('PUBLISH', base .. ':feed', position .. ' ' .. stamp .. ' ' .. text)
end
return reply
