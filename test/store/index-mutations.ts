import type { Mutation } from './mutations.ts'

/** Lines of the scripts that keep the index right, and the bounds. */
export const INDEX_MUTATIONS: readonly Mutation[] = [
  {
    without: 'repair: the difference between looking and mending',
    patches: [['repair', "local base, mends = KEYS[1], ARGV[1] == 'mend'", 'local base, mends = KEYS[1], true']],
    breaks: ['looking at the index changes nothing'],
  },
  {
    without: 'repair: the look for what waits',
    patches: [['repair', "elseif redis.call('EXISTS', base .. ':i:' .. id) == 1 then", 'elseif false then']],
    breaks: ['an unlisted message is put back when its timer, its inbox or its work is due'],
  },
  {
    without: 'repair: the end of a lease',
    patches: [['repair', "return leaseEnd(id, message.owner), 'o'", "return now, 'o'"]],
    breaks: ['an unlisted message that a worker has is due when its lease ends'],
  },
  {
    without: 'repair: the comparison of scores',
    patches: [['repair', 'tonumber(score) > due + TOLERANCE', 'false']],
    breaks: ['what is due too late is brought forward'],
  },
  {
    without: 'repair: patience with what is put off',
    patches: [['repair', 'local TOLERANCE = 61000', 'local TOLERANCE = 0']],
    breaks: ['what is due early, or put off for a moment, is left as it is'],
  },
  {
    without: 'repair: the quarantine',
    patches: [['repair', 'if message.quarantine then', 'if false then']],
    breaks: ['what was put aside, or is finished, stays parked with all that it holds'],
  },
  {
    without: 'repair: the end of a machine',
    patches: [['repair', 'if message.status then', 'if false then']],
    breaks: ['what was put aside, or is finished, stays parked with all that it holds'],
  },
  {
    without: 'repair: the removal from a wrong set',
    patches: [['repair', "redis.call('ZREM', base .. ':s:' .. other, id)", '']],
    breaks: ['a message is taken out of the sets in which it does not belong'],
  },
  {
    without: 'repair: the entry in the list of states',
    patches: [['repair', "redis.call('SADD', base .. ':states', state)", '']],
    breaks: ['a state that is not on the list is put there'],
  },
  {
    without: 'repair: the look at what a hash is',
    patches: [['repair', "if not state then\n    return 'k'", "if not state then\n    return ''"]],
    breaks: ['what is no message is told and left alone'],
  },
  {
    without: 'claim: the note of a missing hash',
    patches: [['claim', "redis.pcall('ZADD', base .. ':missing', 'NX', reply[1], id)", '']],
    breaks: ['a member is forgotten when its message was missing for long, and not before'],
  },
  {
    without: 'forget: the age',
    patches: [['forget', 'now - ARGV[1]', 'now']],
    breaks: ['a member is forgotten when its message was missing for long, and not before'],
  },
  {
    without: 'forget: the look for a hash that came back',
    patches: [['forget', "if redis.call('EXISTS', base .. ':m:' .. id) == 0 then", 'if true then']],
    breaks: [
      'a member is forgotten when its message was missing for long, and not before',
      'what is named is forgotten at once, unless its message is there',
    ],
  },
  {
    without: 'enqueue: the bound of messages',
    patches: [['enqueue', 'elseif maxMessages and held >= maxMessages then', 'elseif false then']],
    breaks: [
      'a full partition refuses what is beyond its bound, in the order of the batch',
      'a full partition answers duplicates as ever',
      'a message that a worker has takes room',
      'a refused send that is tried again is stored once there is room',
      'a storm of refused sends leaves nothing behind',
    ],
  },
  {
    without: 'enqueue: the difference between live and parked messages',
    patches: [['enqueue', "'-inf', '(4e15')", "'-inf', '+inf')"]],
    breaks: ['a message that waits for nothing but an event, or is settled, takes no room'],
  },
  {
    without: 'enqueue: the count of what this batch has stored',
    patches: [['enqueue', 'held = held + (step.due and 1 or 0)', '']],
    breaks: ['a full partition refuses what is beyond its bound, in the order of the batch'],
  },
  {
    without: 'enqueue: the condition of the token record',
    patches: [['enqueue', 'if refused < #answers or refused == 0 then', 'if true then']],
    breaks: [
      'a storm of refused sends leaves nothing behind',
      'a refused send that is tried again is stored once there is room',
    ],
  },
  {
    without: 'enqueue: the bound of bytes',
    patches: [['enqueue', 'elseif maxBytes and bytes + size > maxBytes then', 'elseif false then']],
    breaks: ['a partition refuses bytes beyond its bound'],
  },
  {
    without: 'remove: the bytes of a message',
    patches: [['remove', "redis.call('DECRBY', base .. ':bytes', stored[2])", '']],
    breaks: ['a message that is removed gives its bytes back'],
  },
  {
    without: 'commit: the bytes of a message',
    patches: [['commit', "redis.call('DECRBY', base .. ':bytes', freed)", '']],
    breaks: ['a message whose commit removes it gives its bytes back'],
  },
  {
    without: 'trim: the bytes of a message',
    patches: [['trim', "redis.call('DECRBY', base .. ':bytes', freed)", '']],
    breaks: ['a message that is trimmed gives its bytes back'],
  },
  {
    without: 'deliver: the room of an inbox',
    patches: [['deliver', 'elseif full(id, most) then', 'elseif false then']],
    breaks: ['an inbox takes as many events as there is room for'],
  },
  {
    without: 'deliver: the memory of what came, on a full inbox',
    patches: [
      ['deliver', "eventId ~= '' and redis.call('ZSCORE', base .. ':n:' .. id, eventId) and 'u' or 'f'", "'f'"],
    ],
    breaks: ['an event that was refused is new when it comes again, and one that came is not'],
  },
  {
    without: 'deliver: what is finished',
    patches: [['deliver', "ARGV[at + 4] == '1' and ", '']],
    breaks: ['what is finished takes only what brings it back, and only one that failed or is in quarantine'],
  },
  {
    without: 'deliver: the way back of what failed',
    patches: [['deliver', 'stored[5] or ', '']],
    breaks: ['what is finished takes only what brings it back, and only one that failed or is in quarantine'],
  },
  {
    without: 'deliver: the way out of quarantine of what is finished',
    patches: [['deliver', ' or stored[1] == QUARANTINED', '']],
    breaks: ['what is finished takes only what brings it back, and only one that failed or is in quarantine'],
  },
]
