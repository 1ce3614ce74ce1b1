-- One shelf of things, kept for one tenant or for all on probation together. The head of every other script.
--   items    HASH  owner + digest -> what is kept
--   used     ZSET  entry -> when it was last of use, in milliseconds
--   arrived  ZSET  entry -> when it was put there
--   index    HASH  owner + a band of a fingerprint -> entries, one behind the other; and 'bytes'
--   marks    ZSET  entries that look like queries of an attack, in lexical order
--   accepted, forgotten   STRING  that the upstream knows the tenant's key; when it was deleted on demand
--   marked   ZSET  entry -> when it was marked
-- An entry is owner (8 bytes) + fingerprint (8) + digest (32). Every key of a shelf lies in one slot.
local items, used, arrived, index = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local marks, marked, accepted, forgotten = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local ENTRY, OVERHEAD = 48, 512
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function item_of(entry)
  return entry:sub(1, 8) .. entry:sub(17)
end

-- Six bands of a fingerprint, of 11, 11 and 10 bits, twice: see hash_bands.py. A field is owner + 2 bytes.
local function bands_of(entry)
  local bands = {}
  for half = 0, 1 do
    local a, b, c, d = entry:byte(9 + 4 * half, 12 + 4 * half)
    local values = {a * 8 + math.floor(b / 32), (b % 32) * 64 + math.floor(c / 4), (c % 4) * 256 + d}
    for place, value in ipairs(values) do
      local number = 3 * half + place - 1
      bands[number + 1] = entry:sub(1, 8) .. string.char(number * 8 + math.floor(value / 256), value % 256)
    end
  end
  return bands
end

local function unlist(entry)
  for _, band in ipairs(bands_of(entry)) do
    local listed = redis.call('HGET', index, band)
    for start = 1, listed and #listed or 0, ENTRY do
      if listed:sub(start, start + ENTRY - 1) == entry then
        local rest = listed:sub(1, start - 1) .. listed:sub(start + ENTRY)
        if rest == '' then redis.call('HDEL', index, band) else redis.call('HSET', index, band, rest) end
        break
      end
    end
  end
end

local function drop(entry)
  if redis.call('ZREM', used, entry) == 0 then return end
  local item = item_of(entry)
  local size = redis.call('HSTRLEN', items, item) + OVERHEAD
  redis.call('HDEL', items, item)
  redis.call('ZREM', arrived, entry)
  redis.call('HINCRBY', index, 'bytes', -size)
  unlist(entry)
end
