#!lua flags=allow-oom
-- Notes a fact of a queue once; what was noted first stays. Also on a full server: a worker that starts there drains it.
--
-- KEYS    1 hash
-- ARGV    1 field, 2 value
-- Returns the value that is there now

redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
