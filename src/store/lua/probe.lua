#!lua flags=allow-oom
-- Whether the server takes a write: a replica, a full disk or a lost quorum refuse it. A full memory does not count, because what is
-- stored goes on there.
--
-- KEYS    1 key of no meaning
-- ARGV    none
-- Returns 1; nothing stays of it

redis.call('SET', KEYS[1], '1', 'PX', 1000)
return redis.call('DEL', KEYS[1])
