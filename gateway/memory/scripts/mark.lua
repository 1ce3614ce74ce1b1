-- Note an entry that looks like a query of an attack; return the fingerprints of all the owner's, in a row.
local entry, ttl, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local owner = entry:sub(1, 8)

local parts = redis.call('EXISTS', marks, marked)
if parts == 1 then redis.call('UNLINK', marks, marked) end -- Redis has evicted one of them
redis.call('ZADD', marks, 0, entry)
redis.call('ZADD', marked, 'NX', now, entry)
local gone = redis.call('ZRANGEBYSCORE', marked, '-inf', now - ttl, 'LIMIT', 0, 64)
local excess = redis.call('ZCARD', marked) - #gone - most
if excess > 0 then
  gone = redis.call('ZRANGE', marked, 0, #gone + excess - 1)
end
for _, old in ipairs(gone) do
  redis.call('ZREM', marks, old)
  redis.call('ZREM', marked, old)
end
redis.call('PEXPIRE', marks, ttl)
redis.call('PEXPIRE', marked, ttl)
local own = redis.call('ZRANGEBYLEX', marks, '[' .. owner, '[' .. owner .. ('\255'):rep(40), 'LIMIT', 0, 1024)
local row = {}
for place, each in ipairs(own) do row[place] = each:sub(9, 16) end
return table.concat(row)
