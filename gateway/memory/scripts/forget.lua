-- Take all of one owner off a shelf that several share. Returns how many things went.
local owner, count = ARGV[1], 0
for _, entry in ipairs(redis.call('ZRANGE', used, 0, -1)) do
  if entry:sub(1, 8) == owner then
    drop(entry)
    count = count + 1
  end
end
for _, entry in ipairs(redis.call('ZRANGEBYLEX', marks, '[' .. owner, '[' .. owner .. ('\255'):rep(40))) do
  redis.call('ZREM', marks, entry)
  redis.call('ZREM', marked, entry)
end
return count
