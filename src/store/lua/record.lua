#!lua flags=allow-oom
-- Notes what somebody did. Also on a full server: nobody is to be kept from mending it, nor from being told of it.
--
-- KEYS    1 stream
-- ARGV    1 entries to keep, about, then field, value…
-- Returns the id of the entry

return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 2))
