"""The compare-and-set by which every entry of the in-memory tier is written.

Arguments: order, rest, lifetime in ms, deadline in ms since the epoch; last, the lifetime in ms
where there is no entry. It answers 1 where it wrote, and 0 where there is an entry of greater
order. It answers -1 where the write came after its deadline. A write that was held up must not
bring an old value back once the newer one has been evicted. The clock is Valkey's own. An entry of
equal order is written again: that confirms it. Of the stored entry only the order is read.
"""

from __future__ import annotations

from larder.memory.entry import ORDER_BYTES
from larder.valkey import Script

WRITTEN = 1
KEPT = 0
LATE = -1
_WORDS = ORDER_BYTES // 4
_UNPACKED = "'>" + "I4" * _WORDS + "'"

COMPARE_AND_SET = Script(
    f"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[4]) then return {LATE} end
local lifetime = ARGV[3]
local stored = redis.call('GETRANGE', KEYS[1], 0, {ORDER_BYTES - 1})
if #stored < {ORDER_BYTES} then
  lifetime = ARGV[5]
else
  local old = {{struct.unpack({_UNPACKED}, stored)}}
  local new = {{struct.unpack({_UNPACKED}, ARGV[1])}}
  for word = 1, {_WORDS} do
    if new[word] > old[word] then break end
    if new[word] < old[word] then return {KEPT} end
  end
end
redis.call('SET', KEYS[1], ARGV[1] .. struct.pack('>d', now) .. ARGV[2], 'PX', lifetime)
return {WRITTEN}
"""
)
