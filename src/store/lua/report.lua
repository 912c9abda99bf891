#!lua flags=allow-oom
-- Notes what a worker or an operation tells of itself. Also on a full server, where they are what somebody looks for.
--
-- KEYS    1 hash
-- ARGV    1 name, 2 text
-- Returns nothing

redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
