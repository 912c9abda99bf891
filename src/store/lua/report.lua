#!lua flags=allow-oom
-- Notes what a worker tells of itself. Also on a full server, whose workers are what somebody looks for.
--
-- KEYS    1 hash
-- ARGV    1 name of the worker, 2 text
-- Returns nothing

redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
