#!lua flags=allow-oom
-- Correct how many records of a topic are behind a cursor.
-- KEYS cursor   ARGV field, by how many
return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
