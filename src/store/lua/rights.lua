#!lua flags=allow-oom
-- Tries each command of the scripts on a key of no meaning, and an announcement: which of them may the user not use? It is a write too, so
-- a replica, a full disk or a lost quorum refuse it. A full memory does not count, because what is stored goes on there.
--
-- KEYS    1 key of no meaning
-- ARGV    1 channel of no meaning
-- Returns for each command: its name as a rule has it, and what refused it or ''; nothing stays of it

local key = KEYS[1]
local answers = {}

local function try(name, ...)
  local answer = redis.pcall(...)
  answers[#answers + 1] = name
  answers[#answers + 1] = type(answer) == 'table' and answer.err or ''
end

-- Errors about the type of the value do not count: what is wanted is whether they are run at all.
redis.pcall('DEL', key)
try('set', 'SET', key, '1', 'PX', 1000)
try('get', 'GET', key)
try('mget', 'MGET', key)
try('setnx', 'SETNX', key, '1')
try('pexpire', 'PEXPIRE', key, 1000)
try('pttl', 'PTTL', key)
try('persist', 'PERSIST', key)
try('exists', 'EXISTS', key)
try('type', 'TYPE', key)
try('rename', 'RENAME', key, key)
try('incrby', 'INCRBY', key, 1)
try('decrby', 'DECRBY', key, 1)
try('memory|usage', 'MEMORY', 'USAGE', key)
try('time', 'TIME')
try('del', 'DEL', key)
try('hset', 'HSET', key, 'f', '1')
try('hsetnx', 'HSETNX', key, 'f', '1')
try('hget', 'HGET', key, 'f')
try('hmget', 'HMGET', key, 'f')
try('hgetall', 'HGETALL', key)
try('hkeys', 'HKEYS', key)
try('hincrby', 'HINCRBY', key, 'f', 1)
try('hdel', 'HDEL', key, 'f')
redis.pcall('DEL', key)
try('rpush', 'RPUSH', key, '1')
try('llen', 'LLEN', key)
try('lrange', 'LRANGE', key, 0, 0)
try('ltrim', 'LTRIM', key, 1, 0)
redis.pcall('DEL', key)
try('sadd', 'SADD', key, '1')
try('smembers', 'SMEMBERS', key)
redis.pcall('DEL', key)
try('zadd', 'ZADD', key, 1, '1')
try('zcard', 'ZCARD', key)
try('zcount', 'ZCOUNT', key, 0, 0)
try('zrange', 'ZRANGE', key, 0, 0)
try('zrangebyscore', 'ZRANGEBYSCORE', key, 0, 0)
try('zscore', 'ZSCORE', key, '1')
try('zrem', 'ZREM', key, '2')
try('zremrangebyrank', 'ZREMRANGEBYRANK', key, 0, 0)
redis.pcall('DEL', key)
try('xadd', 'XADD', key, '*', 'f', '1')
try('xlen', 'XLEN', key)
try('xrange', 'XRANGE', key, '-', '+', 'COUNT', 1)
try('xtrim', 'XTRIM', key, 'MAXLEN', 1)
redis.pcall('DEL', key)
redis.pcall('PEXPIRE', key, 1000)
try('publish', 'PUBLISH', ARGV[1], '')
return answers
