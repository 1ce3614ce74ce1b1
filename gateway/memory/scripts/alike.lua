-- Find what a tenant has on a shelf whose fingerprint differs in few bits, the nearest first.
-- Returns whether the tenant is accepted, when it was last forgotten on demand, then entry and value for each; no value for what the asker holds.
local owner, fingerprint, most_bits = ARGV[1], ARGV[2], tonumber(ARGV[3])
local fields, held = ARGV[4], ARGV[5] -- bands to look into, the likeliest first; digests
local ttl, most = tonumber(ARGV[6]), tonumber(ARGV[7])
local FEW, MOST_TRIED = 24, 2000
local ONES = { -- bits of a byte
  [0] = 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 1, 2, 2, 3, 2, 3, 3, 4, 2, 3, 3, 4, 3, 4, 4, 5,
  1, 2, 2, 3, 2, 3, 3, 4, 2, 3, 3, 4, 3, 4, 4, 5, 2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6,
  1, 2, 2, 3, 2, 3, 3, 4, 2, 3, 3, 4, 3, 4, 4, 5, 2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6,
  2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6, 3, 4, 4, 5, 4, 5, 5, 6, 4, 5, 5, 6, 5, 6, 6, 7,
  1, 2, 2, 3, 2, 3, 3, 4, 2, 3, 3, 4, 3, 4, 4, 5, 2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6,
  2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6, 3, 4, 4, 5, 4, 5, 5, 6, 4, 5, 5, 6, 5, 6, 6, 7,
  2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6, 3, 4, 4, 5, 4, 5, 5, 6, 4, 5, 5, 6, 5, 6, 6, 7,
  3, 4, 4, 5, 4, 5, 5, 6, 4, 5, 5, 6, 5, 6, 6, 7, 4, 5, 5, 6, 5, 6, 6, 7, 5, 6, 6, 7, 6, 7, 7, 8,
}

local reply = {redis.call('EXISTS', accepted), redis.call('GET', forgotten) or ''}
local count = redis.call('ZCARD', used)
if count == 0 then return reply end

local bxor = bit.bxor
local f1, f2, f3, f4, f5, f6, f7, f8 = fingerprint:byte(1, 8)
local found, tried, seen = {}, 0, {}
local function try(listed, start)
  tried = tried + 1
  local a, b, c, d, e, f, g, h = listed:byte(start + 8, start + 15)
  local bits = ONES[bxor(a, f1)] + ONES[bxor(b, f2)] + ONES[bxor(c, f3)] + ONES[bxor(d, f4)]
  if bits > most_bits then return end
  bits = bits + ONES[bxor(e, f5)] + ONES[bxor(f, f6)] + ONES[bxor(g, f7)] + ONES[bxor(h, f8)]
  if bits > most_bits then return end
  local entry = listed:sub(start, start + ENTRY - 1)
  if not seen[entry] then
    seen[entry] = true
    found[#found + 1] = {bits, entry}
  end
end

if fields == '' or count <= FEW then
  for _, entry in ipairs(redis.call('ZREVRANGE', used, 0, fields == '' and -1 or FEW)) do
    if entry:sub(1, 8) == owner then try(entry, 1) end
  end
else
  local bands = {}
  for start = 1, #fields, 2 do bands[#bands + 1] = owner .. fields:sub(start, start + 1) end
  for _, listed in ipairs(redis.call('HMGET', index, unpack(bands))) do
    if listed and tried < MOST_TRIED then
      for start = #listed - ENTRY + 1, 1, -ENTRY do try(listed, start) end
    end
  end
end
table.sort(found, function(one, other) return one[1] < other[1] end)

local is_held = {}
for start = 1, #held, 32 do is_held[held:sub(start, start + 31)] = true end
local touched = {}
for _, pair in ipairs(found) do
  local entry = pair[2]
  local came = redis.call('ZSCORE', arrived, entry)
  if #touched < 2 * most and came and now - came < ttl then
    local item = item_of(entry)
    local is_there = redis.call('HEXISTS', items, item) == 1
    if is_there then
      reply[#reply + 1] = entry
      reply[#reply + 1] = is_held[entry:sub(17)] and '' or redis.call('HGET', items, item)
      touched[#touched + 1] = now
      touched[#touched + 1] = entry
    end
  end
end
if #touched > 0 then redis.pcall('ZADD', used, 'XX', unpack(touched)) end -- a full memory or replica: it stays
return reply
