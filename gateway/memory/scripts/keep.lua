-- Put on its shelf what was just written among the items; the longest unused goes where there is no room.
-- Returns whether it was kept.
local entry, ttl, most_entries, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local most_listed = tonumber(ARGV[5]) -- entries of one band; 0: it is not found by its fingerprint
local item = item_of(entry)

local size = redis.call('HSTRLEN', items, item) + OVERHEAD
if size > most_bytes or redis.call('ZSCORE', marks, entry) then
  drop(entry)
  redis.call('HDEL', items, item)
  return 0
end
local parts = redis.call('EXISTS', used, arrived, index)
if parts > 0 and (parts < 3 or redis.call('HLEN', items) == 1) then -- Redis has evicted some of it: begin anew
  local value = redis.call('HGET', items, item)
  redis.call('UNLINK', items, used, arrived, index)
  redis.call('HSET', items, item, value)
end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', arrived, '-inf', now - ttl, 'LIMIT', 0, 64)) do
  if old ~= entry then drop(old) end
end
if redis.call('ZADD', used, now, entry) == 0 then -- it is there already
  redis.call('HINCRBY', index, 'bytes', -size)
  unlist(entry)
end
redis.call('ZADD', arrived, now, entry)
for _, band in ipairs(most_listed > 0 and bands_of(entry) or {}) do
  local listed = redis.call('HGET', index, band) or ''
  -- Blank pictures are alike by the thousand: the latest are found.
  redis.call('HSET', index, band, listed:sub(-ENTRY * (most_listed - 1)) .. entry)
end
local bytes = redis.call('HINCRBY', index, 'bytes', size)
local count = redis.call('ZCARD', used)
while count > most_entries or bytes > most_bytes do
  local oldest = redis.call('ZRANGE', used, 0, 0)[1]
  if not oldest then break end
  drop(oldest)
  bytes = tonumber(redis.call('HGET', index, 'bytes'))
  count = count - 1
end
for _, key in ipairs({items, used, arrived, index}) do redis.call('PEXPIRE', key, ttl) end
return 1
