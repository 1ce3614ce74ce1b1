-- Return what lies on a shelf under one entry, and note that it was of use.
local entry, ttl = ARGV[1], tonumber(ARGV[2])
local came = redis.call('ZSCORE', arrived, entry)
if not came or now - came >= ttl then return false end
redis.pcall('ZADD', used, 'XX', now, entry)
return redis.call('HGET', items, item_of(entry))
