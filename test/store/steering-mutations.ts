import type { Mutation } from './mutations.ts'

/** Lines of the scripts by which operators steer. */
export const STEERING_MUTATIONS: readonly Mutation[] = [
  {
    without: 'claim: the look for a pause',
    patches: [['claim', "if redis.call('EXISTS', base .. ':paused') == 1 then", 'if false then']],
    breaks: ['nothing is claimed from a paused partition'],
  },
  {
    without: 'claim: the look for a pause behind the token record (before it instead)',
    patches: [
      [
        'claim',
        'if remembered then',
        "if redis.call('EXISTS', base .. ':paused') == 1 then return reply end if remembered then",
      ],
    ],
    breaks: ['a claim that is sent again answers the same after a pause'],
  },
  {
    without: 'pause: the word to those who hold messages ready',
    patches: [['pause', "redis.pcall('PUBLISH', base .. ':wake', 'p')", '']],
    breaks: ['a pause is announced, and its end makes workers look'],
  },
  {
    without: 'pause: the word at its end',
    patches: [['pause', "redis.pcall('PUBLISH', base .. ':wake', 'w ' .. now)", '']],
    breaks: ['a pause is announced, and its end makes workers look'],
  },
  {
    without: 'heartbeat: going on in a pause',
    patches: [
      [
        'heartbeat',
        "local time = redis.call('TIME')",
        "if redis.call('EXISTS', KEYS[1] .. ':paused') == 1 then return 'l' end local time = redis.call('TIME')",
      ],
    ],
    breaks: ['what is held is worked off in a pause'],
  },
  {
    without: 'commit: the look for news when a message is parked',
    patches: [['commit', "type(waiting) == 'number' and waiting > entry.consumed and now or nil", 'nil']],
    breaks: ['what came while a message was looked at makes one due that is parked'],
  },
  {
    without: 'commit: what a parked message keeps',
    patches: [['commit', "entry.consumed > 0 and entry.disposal ~= 'park'", 'entry.consumed > 0']],
    breaks: ['what came while a message was looked at makes one due that is parked'],
  },
  {
    without: 'discard: its place in the set',
    patches: [['discard', "redis.call('ZSCORE', set, id) or ''", "''"]],
    breaks: ['a discarded message comes back as it was, to its place'],
  },
  {
    without: 'discard: its inbox',
    patches: [
      ['discard', "ipairs({ 'm', 'i', 'n' })", "ipairs({ 'm', 'n' })"],
      ['discard', "redis.call('DEL', lock)", "redis.call('DEL', lock, base .. ':i:' .. id)"],
    ],
    breaks: ['a discarded message comes back as it was, to its place'],
  },
  {
    without: 'discard: the lock check',
    patches: [['discard', 'if holder and holder ~= ARGV[2] then', 'if false then']],
    breaks: ['a lock protects from being discarded'],
  },
  {
    without: 'discard: the bytes that it frees',
    patches: [['discard', "redis.call('DECRBY', base .. ':bytes', stored[2])", '']],
    breaks: ['what is discarded frees its bytes, and takes them again'],
  },
  {
    without: 'restore: the bytes that it takes',
    patches: [['restore', "redis.call('INCRBY', base .. ':bytes', stored[2])", '']],
    breaks: ['what is discarded frees its bytes, and takes them again'],
  },
  {
    without: 'restore: the check for the id',
    patches: [['restore', "if redis.call('EXISTS', key) == 1 then", 'if false then']],
    breaks: ['a discarded message does not come over a new one of its id'],
  },
]
