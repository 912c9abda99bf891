#!lua flags=allow-oom
-- Takes due messages: lease, lock and fence in one round trip.
--
-- KEYS    1 base of the partition
-- ARGV    1 token (32 hex characters; the value of the locks too), 2 worker, 3 limit, 4 lease in ms, 5 ms to remember the token
-- Returns { now, next due, '' or `p` while the partition is paused, { id, due, revision, { field, value, … }, { event, … } }… }

local base, token, worker = KEYS[1], ARGV[1], ARGV[2]
local limit, lease = tonumber(ARGV[3]), tonumber(ARGV[4])
local record = base .. ':t:' .. token
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leaseEnd = string.format('%.0f', now + lease)
-- Scores count up within a millisecond, for the order alone: all of this one are due.
local soon = string.format('(%.0f', now + 1)
local reply = { string.format('%.0f', now), '' }
-- A hash that looks missing may just not be here yet while its slot migrates, so its member is put off and never removed.
local MISSING_GRACE = 60000

local PARKED = 4e15
local QUARANTINED = '~quarantined'

local function answer(id, due, revision, events)
  reply[#reply + 1] = { id, due, revision, redis.call('HGETALL', base .. ':m:' .. id), events }
end

local function postpone(state, id, score)
  redis.call('ZADD', base .. ':s:' .. state, 'XX', string.format('%.0f', score), id)
end

-- A foreign program can have left anything under any key. One script error here, and nobody would get anything of this partition any
-- more; so what might hold another type is asked by `pcall`, and what cannot be claimed is put aside with the reason.
local function putAside(state, id, reason)
  local key = base .. ':m:' .. id
  if redis.call('TYPE', key).ok == 'hash' then
    local piece = 1
    while redis.call('HDEL', key, 'q.' .. piece) == 1 do
      piece = piece + 1
    end
    -- What goes without saying of a message as it was stored is written out, or its release would not find it.
    local bare = redis.call('HMGET', key, 'B', 'b', 'a')
    if bare[1] and not bare[2] and not bare[3] then
      redis.call('HSET', key, 'b', bare[1], 'j0', bare[1] .. '|pending', 'T0-0', bare[1])
      redis.call('HSET', key, 'E0-0', 'xstate.after.deliver.message.pending')
    end
    local kept = cjson.encode({ reason = reason, event = { type = 'claim' }, state = state })
    redis.call('HSET', key, 's', QUARANTINED, 'q', kept, 'r', '1', 'a', reply[1])
    redis.call('HDEL', key, 'o', 'w', 'g', 'k')
  end
  redis.call('ZREM', base .. ':s:' .. state, id)
  redis.call('SADD', base .. ':states', QUARANTINED)
  redis.call('ZADD', base .. ':s:' .. QUARANTINED, string.format('%.0f', PARKED + now), id)
end

-- A revision of more digits would not be written as it is read.
local function isRevision(text)
  return not text or (#text <= 14 and string.match(text, '^%d+$') ~= nil)
end

-- A claim that is sent again, because its reply was lost, gets the same messages: those that are still its own. `XX`, because
-- a message may have been finished and removed in between, and must not come back.
local remembered = redis.call('GET', record)
if remembered then
  local taken = cjson.decode(remembered)
  for i = 1, #taken, 3 do
    local id, due, revision = taken[i], taken[i + 1], taken[i + 2]
    local lock = base .. ':l:' .. id
    local owner = redis.pcall('HMGET', base .. ':m:' .. id, 'o', 's')
    local holder = redis.call('GET', lock)
    if owner[1] == revision .. ':' .. token and (not holder or holder == token) then
      redis.call('SET', lock, token, 'PX', lease)
      redis.call('ZADD', base .. ':s:' .. owner[2], 'XX', leaseEnd, id)
      answer(id, due, revision, redis.call('LRANGE', base .. ':i:' .. id, 0, -1))
    end
  end
  return reply
end

if redis.call('EXISTS', base .. ':paused') == 1 then
  reply[2] = 'p'
  return reply
end

-- Due messages of every state. Within a state the oldest first; between states each has a quota, so that a storm of retries
-- cannot starve new messages, nor the reverse; what one leaves of its quota goes to the oldest of the others.
local queues = {}
local states = redis.call('SMEMBERS', base .. ':states')
for _, state in ipairs(states) do
  local due = redis.pcall('ZRANGEBYSCORE', base .. ':s:' .. state, '-inf', soon, 'WITHSCORES', 'LIMIT', 0, limit)
  if not due.err and #due > 0 then
    queues[#queues + 1] = { state = state, due = due }
  end
end
table.sort(queues, function(a, b)
  return tonumber(a.due[2]) < tonumber(b.due[2])
end)

local candidates, rest = {}, {}
local quota = math.ceil(limit / math.max(1, #queues))
for _, queue in ipairs(queues) do
  for i = 1, #queue.due, 2 do
    local into = i <= 2 * quota and candidates or rest
    into[#into + 1] = { queue.state, queue.due[i], queue.due[i + 1] }
  end
end
table.sort(rest, function(a, b)
  return tonumber(a[3]) < tonumber(b[3])
end)
for _, candidate in ipairs(rest) do
  candidates[#candidates + 1] = candidate
end

local taken = {}
for _, candidate in ipairs(candidates) do
  if #reply - 2 == limit then
    break
  end
  local state, id, due = candidate[1], candidate[2], candidate[3]
  local key, lock = base .. ':m:' .. id, base .. ':l:' .. id
  local stored = redis.pcall('HMGET', key, 's', 'r')
  local actual = stored[1]
  local events = redis.pcall('LRANGE', base .. ':i:' .. id, 0, -1)
  if stored.err then
    putAside(state, id)
  elseif not actual and redis.call('EXISTS', key) == 0 then
    postpone(state, id, now + MISSING_GRACE)
    redis.pcall('ZADD', base .. ':missing', 'NX', reply[1], id)
  elseif not actual then
    putAside(state, id, 'its hash names no state')
  elseif actual ~= state then
    -- The hash is the truth, the sets are its index; a failover can leave them apart.
    if type(redis.pcall('ZADD', base .. ':s:' .. actual, 'NX', due, id)) == 'table' then
      putAside(state, id, 'the key of its state holds no sorted set')
    else
      redis.call('SADD', base .. ':states', actual)
      redis.call('ZREM', base .. ':s:' .. state, id)
    end
  elseif events.err then
    putAside(state, id, 'the key of its inbox holds no list')
  elseif not isRevision(stored[2]) then
    putAside(state, id, 'its revision is no number: ' .. string.sub(stored[2], 1, 30))
  elseif not redis.call('SET', lock, token, 'NX', 'PX', lease) then
    -- Whoever holds it may give it back any time and tells nobody, so it is looked at again within a second.
    local left = redis.call('PTTL', lock)
    postpone(state, id, now + (left < 0 and 1000 or math.min(math.max(left, 50), 1000)))
  else
    local revision = redis.call('HINCRBY', key, 'r', 1)
    redis.call('HSET', key, 'o', revision .. ':' .. token, 'w', worker)
    postpone(state, id, now + lease)
    taken[#taken + 1] = id
    taken[#taken + 1] = due
    taken[#taken + 1] = revision
    answer(id, due, revision, events)
  end
end

if #taken > 0 then
  redis.call('SET', record, cjson.encode(taken), 'PX', ARGV[5])
end
if #reply - 2 < limit then
  local next = nil
  for _, state in ipairs(states) do
    local head = redis.pcall('ZRANGE', base .. ':s:' .. state, 0, 0, 'WITHSCORES')
    if not head.err and head[2] and tonumber(head[2]) < 4e15 and (not next or tonumber(head[2]) < next) then
      next = tonumber(head[2])
    end
  end
  reply[2] = next and string.format('%.0f', math.floor(next)) or ''
else
  reply[2] = reply[1]
end
return reply
