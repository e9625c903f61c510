import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script run by its hash; sent whole only when the server does not know it (first use, restart). */
class RedisScript {
  private readonly sha: string;

  constructor(private readonly lua: string) {
    this.sha = createHash('sha1').update(lua).digest('hex');
  }

  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (cause) {
      if (!(cause instanceof Error) || !cause.message.startsWith('NOSCRIPT')) throw cause;
      return redis.eval(this.lua, keys.length, ...keys, ...args);
    }
  }
}

/**
 * Create if absent. KEYS meta, lines. ARGV ttl (ms), org, project, time, writer, what the writers that give way begin with ('' = none do). Answers
 * state (open|closed|foreign), next index.
 * `meta` holds state (open|closed), next (index of the next line), first (lowest index kept), bytes, org, project, openedAt, writer.
 */
export const openScript = new RedisScript(`
local state, writer = unpack(redis.call('HMGET', KEYS[1], 'state', 'writer'))
if state and writer and writer ~= ARGV[5] then
  if ARGV[6] == '' or string.sub(writer, 1, #ARGV[6]) ~= ARGV[6] then return { 'foreign', '0' } end
  redis.call('DEL', KEYS[1], KEYS[2])
  state = false
end
if not state then
  redis.call('HSET', KEYS[1], 'state', 'open', 'next', '0', 'first', '0', 'bytes', '0', 'org', ARGV[2], 'project', ARGV[3], 'openedAt', ARGV[4], 'writer', ARGV[5])
  state = 'open'
end
if state == 'open' then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return { state, redis.call('HGET', KEYS[1], 'next') }
`);

/**
 * Append chunks of lines. KEYS meta, lines. ARGV from ('' = at the end), count of lines, ttl (ms), most lines, most bytes, channel, writer,
 * then per chunk its count and text. Answers outcome (`foreign` = another writer opened it), next index.
 * A chunk is one stream entry whose id is the index after its last line, so that reading "after k-0" starts in the chunk with line k.
 */
export const appendScript = new RedisScript(`
local meta = redis.call('HMGET', KEYS[1], 'state', 'next', 'first', 'bytes', 'writer')
if not meta[1] then return { 'missing', '0' } end
if meta[5] and meta[5] ~= ARGV[7] then return { 'foreign', '0' } end
local next, first, bytes = tonumber(meta[2]), tonumber(meta[3]), tonumber(meta[4])
local function text(number) return string.format('%.0f', number) end
local from = ARGV[1] == '' and next or tonumber(ARGV[1])
if from > next then return { 'gap', text(next) } end
if from + tonumber(ARGV[2]) <= next and ARGV[1] ~= '' then return { 'appended', text(next) } end
if meta[1] ~= 'open' then return { 'closed', text(next) } end
if from < next then return { 'overlap', text(next) } end
for i = 8, #ARGV, 2 do
  next = next + tonumber(ARGV[i])
  bytes = bytes + #ARGV[i + 1]
  redis.call('XADD', KEYS[2], text(next) .. '-0', 'n', ARGV[i], 't', ARGV[i + 1])
end
while next - first > tonumber(ARGV[4]) or bytes > tonumber(ARGV[5]) do
  local head = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 2)
  if #head < 2 then break end
  redis.call('XDEL', KEYS[2], head[1][1])
  first = first + tonumber(head[1][2][2])
  bytes = bytes - #head[1][2][4]
end
redis.call('HSET', KEYS[1], 'next', text(next), 'first', text(first), 'bytes', text(bytes))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[6], text(next))
return { 'appended', text(next) }
`);

/**
 * Close. KEYS meta. ARGV channel, writer. Answers `closed`, `missing`, or `foreign` when another writer opened it; a writer of a whole run or stage closes
 * what its own parts opened.
 */
export const closeScript = new RedisScript(`
local state, writer = unpack(redis.call('HMGET', KEYS[1], 'state', 'writer'))
if not state then return 'missing' end
if writer and writer ~= ARGV[2] and string.sub(writer, 1, #ARGV[2] + 1) ~= ARGV[2] .. '/' then return 'foreign' end
redis.call('HSET', KEYS[1], 'state', 'closed')
redis.call('PUBLISH', ARGV[1], 'closed')
return 'closed'
`);
