import type { BOUND_RULES } from './bound-rules.ts'
import type { INDEX_RULES } from './index-rules.ts'
import type { Patch } from './redis-harness.ts'
import type { REDIS_RULES } from './redis-rules.ts'
import type { ROUND_RULES } from './round-rules.ts'
import type { RULES } from './rules.ts'
import type { STEERING_RULES } from './steering-rules.ts'

type RuleName = keyof (typeof RULES &
  typeof REDIS_RULES &
  typeof BOUND_RULES &
  typeof ROUND_RULES &
  typeof INDEX_RULES &
  typeof STEERING_RULES)

export interface Mutation {
  /** What is taken out. */
  readonly without: string
  readonly patches: readonly Patch[]
  /** The rules that must break. */
  readonly breaks: readonly RuleName[]
}

const RESENT_OWNER = "if owner[1] == revision .. ':' .. token and (not holder or holder == token) then"
const RESENT_SCORE = "redis.call('ZADD', base .. ':s:' .. owner[2], 'XX', leaseEnd, id)"
const FENCE = 'elseif stored[1] ~= entry.fence or (lock and lock ~= token) then'
const MISSING = 'postpone(state, id, now + MISSING_GRACE)'
const MENDED = "redis.pcall('ZADD', base .. ':s:' .. actual, 'NX', due, id)"

const CLAIM_TOKENS: readonly Mutation[] = [
  {
    without: 'claim: the token record',
    patches: [['claim', "redis.call('SET', record, cjson.encode(taken), 'PX', ARGV[5])", '']],
    breaks: [
      'a claim that is sent again answers the same',
      'a claim that is sent again answers only what is still its own',
    ],
  },
  {
    without: 'claim: the check that a re-sent claim still owns a message',
    patches: [
      ['claim', RESENT_OWNER, 'if true then'],
      ['claim', RESENT_SCORE, RESENT_SCORE.replace('owner[2]', "(owner[2] or 'todo')")],
    ],
    breaks: ['a claim that is sent again answers only what is still its own'],
  },
  {
    // With that check in its place XX is a second line of defence; alone it is what keeps the sets right.
    without: 'claim: that check, and XX behind it',
    patches: [
      ['claim', RESENT_OWNER, 'if true then'],
      ['claim', RESENT_SCORE, "redis.call('ZADD', base .. ':s:' .. (owner[2] or 'todo'), leaseEnd, id)"],
    ],
    breaks: ['a claim that is sent again does not bring back a removed message'],
  },
  {
    without: 'claim: the lock check of a re-sent claim',
    patches: [['claim', ' and (not holder or holder == token) then', ' then']],
    breaks: ['a claim that is sent again leaves the lock of a foreign client alone'],
  },
]

const CLAIM: readonly Mutation[] = [
  {
    without: 'claim: NX on the lock',
    patches: [
      ['claim', "redis.call('SET', lock, token, 'NX', 'PX', lease)", "redis.call('SET', lock, token, 'PX', lease)"],
    ],
    breaks: ['a foreign lock keeps claims off'],
  },
  {
    without: 'claim: the bound on how long a locked message is put off',
    patches: [['claim', 'math.min(math.max(left, 50), 1000)', 'math.max(left, 50)']],
    breaks: ['a message under a foreign lock is looked at again within a second'],
  },
  {
    without: 'claim: the quota of a state',
    patches: [['claim', 'math.ceil(limit / math.max(1, #queues))', 'limit']],
    breaks: ['a flood in one state does not starve another'],
  },
  {
    without: 'claim: patience with a missing hash (ZREM instead)',
    patches: [['claim', MISSING, "redis.call('ZREM', base .. ':s:' .. state, id)"]],
    breaks: ['a hash that is not here leaves its member in the set, put off'],
  },
  {
    without: 'claim: the push of a missing hash',
    patches: [['claim', MISSING, '']],
    breaks: ['a hash that is not here leaves its member in the set, put off'],
  },
  {
    without: 'claim: the check that the hash is there',
    patches: [
      ['claim', "elseif not actual and redis.call('EXISTS', key) == 0 then", 'elseif false then'],
      ['claim', 'elseif not actual then', 'elseif false then'],
      ['claim', 'elseif actual ~= state then', 'elseif actual and actual ~= state then'],
    ],
    breaks: ['a hash that is not here leaves its member in the set, put off'],
  },
  {
    without: 'claim: the comparison of hash and set',
    patches: [['claim', 'elseif actual ~= state then', 'elseif false then']],
    breaks: ['a hash whose state differs from its set is claimed from its own set'],
  },
  {
    without: 'claim: the entry of a mended state in the list of states',
    patches: [['claim', "redis.call('SADD', base .. ':states', actual)", '']],
    breaks: ['the state of a mended message is one that claims read'],
  },
  {
    without: 'claim: the move of a mended message to its own set',
    patches: [['claim', MENDED, '0']],
    breaks: ['a hash whose state differs from its set is claimed from its own set'],
  },
  {
    without: 'claim: NX when a message is mended',
    patches: [['claim', MENDED, MENDED.replace(" 'NX',", '')]],
    breaks: ['a mended message keeps the attention that its own set knows'],
  },
]

const ENQUEUE: readonly Mutation[] = [
  {
    without: 'enqueue: the token record',
    patches: [['enqueue', "redis.call('SET', record, answer, 'PX', ARGV[2])", '']],
    breaks: [
      'an enqueue that is sent again answers the same',
      'an enqueue that is sent again does not bring back a removed message',
    ],
  },
  {
    without: 'enqueue: the check for the id',
    patches: [['enqueue', "elseif kind ~= 'none' then", 'elseif false then']],
    breaks: ['a message that is there is not overwritten'],
  },
  {
    without: 'enqueue: the look for those that are there',
    patches: [['enqueue', "call('EXISTS', unpack(keys)) == 0", 'true']],
    breaks: ['a message that is there is not overwritten'],
  },
  {
    without: 'enqueue: the look for one that comes twice in a batch',
    patches: [['enqueue', 'seen[id] = true', '']],
    breaks: ['a message that is in a batch twice is stored once'],
  },
  {
    without: 'enqueue: the order within a millisecond',
    patches: [['enqueue', 'fraction = math.min(fraction + STEP, 0.9995)', '']],
    breaks: ['messages of one batch are claimed in their order'],
  },
]

const COMMIT: readonly Mutation[] = [
  {
    without: 'commit: the fence',
    patches: [['commit', FENCE, 'elseif lock and lock ~= token then']],
    breaks: ['a late commit of the same owner is fenced', 'a late commit of an owner that let go is fenced'],
  },
  {
    without: 'commit: the fence and the lock check',
    patches: [['commit', FENCE, 'elseif false then']],
    breaks: ['a late commit of an old owner is fenced', 'a late commit of the same owner is fenced'],
  },
  {
    without: 'commit: the token in the fence (only the revision is compared)',
    patches: [
      [
        'commit',
        FENCE,
        "elseif string.match(stored[1] or '', '^%d+') ~= string.match(entry.fence, '^%d+') or (lock and lock ~= token) then",
      ],
    ],
    breaks: ['a revision that a failover rolled back is told apart by its token'],
  },
  {
    without: 'commit: the revision in the fence (only the token is compared)',
    patches: [
      ['commit', FENCE, "elseif string.match(stored[1] or '', ':(.*)$') ~= token or (lock and lock ~= token) then"],
    ],
    breaks: ['a late commit of the same owner is fenced'],
  },
  {
    without: 'commit: the check of k',
    patches: [['commit', 'elseif stored[2] == entry.fence then', 'elseif false then']],
    breaks: ['a commit that is sent twice is applied once'],
  },
  {
    without: 'commit: both, so that it is applied again',
    patches: [
      ['commit', 'elseif stored[2] == entry.fence then', 'elseif false then'],
      ['commit', FENCE, 'elseif false then'],
    ],
    breaks: ['a commit that is sent twice is applied once'],
  },
  {
    without: 'commit: the check that the message is there',
    patches: [
      ['commit', 'if not stored[3] then', 'if false then'],
      ['commit', FENCE, 'elseif false then'],
      ['commit', 'remove(entry, stored[3])', 'remove(entry, stored[3] or entry.state)'],
    ],
    breaks: ['a removing commit that is sent twice is applied once'],
  },
  {
    without: 'commit: the lock check',
    patches: [['commit', ' or (lock and lock ~= token) then', ' then']],
    breaks: ['a foreign lock fences commits'],
  },
  {
    without: 'commit: the look into the inbox',
    patches: [['commit', "mail = redis.call('EXISTS', inbox) == 1", '']],
    breaks: ['mail makes a message due when it is released'],
  },
  {
    without: 'commit: mail among the reasons to be due',
    patches: [['commit', 'local due = mail and now or entry.due', 'local due = entry.due']],
    breaks: ['mail makes a message due when it is released'],
  },
]

const OTHERS: readonly Mutation[] = [
  {
    without: 'heartbeat: the fence',
    patches: [['heartbeat', 'if stored[1] ~= fence or (holder and holder ~= token) then', 'if not stored[1] then']],
    breaks: ['an old owner cannot renew its lease', 'a foreign lock ends a lease'],
  },
  {
    without: 'heartbeat: the lock check',
    patches: [['heartbeat', ' or (holder and holder ~= token) then', ' then']],
    breaks: ['a foreign lock ends a lease'],
  },
  {
    without: 'deliver: the token record',
    patches: [['deliver', "redis.call('SET', record, answer, 'PX', ARGV[2])", '']],
    breaks: ['a delivery that is sent again appends nothing'],
  },
  {
    without: 'deliver: the new score',
    patches: [['deliver', "redis.call('ZADD', base .. ':s:' .. stored[1], 'XX', 'LT', now, id)", '']],
    breaks: ['mail makes an idle message due'],
  },
  {
    without: 'deliver: LT',
    patches: [['deliver', "'XX', 'LT', now", "'XX', now"]],
    breaks: ['mail does not push a due message back'],
  },
  {
    without: 'deliver: the word to the holder',
    patches: [['deliver', "redis.pcall('PUBLISH', base .. ':wake', 'm ' .. stored[4] .. '\\n' .. id)", '']],
    breaks: ['mail is announced to the worker that holds the message'],
  },
  {
    without: 'remove: the lock check',
    patches: [['remove', 'if holder and holder ~= ARGV[2] then', 'if false then']],
    breaks: ['a lock protects from removal'],
  },
  {
    without: 'trim: the bound to parked messages',
    patches: [['trim', "local parked = string.format('%.0f', PARKED)", "local parked = '-inf'"]],
    breaks: ['trimming never touches a live message'],
  },
  {
    without: 'trim: the lock check',
    patches: [['trim', "elseif redis.call('EXISTS', base .. ':l:' .. id) == 0 then", 'else']],
    breaks: ['trimming spares a message whose lock is held'],
  },
  {
    without: 'trim: the comparison of hash and set',
    patches: [['trim', 'if actual and actual ~= state then', 'if false then']],
    breaks: ['trimming spares a message whose hash has another state'],
  },
]

const KEPT_ANEW = "redis.call('PEXPIRE', record, ARGV[2])"
const REPEATED: readonly Mutation[] = [
  {
    without: 'enqueue: the write of a repetition',
    patches: [['enqueue', KEPT_ANEW, '']],
    breaks: ['a repeated send writes too: WAIT counts what its own connection wrote'],
  },
  {
    without: 'deliver: the write of a repetition',
    patches: [['deliver', KEPT_ANEW, '']],
    breaks: ['a repeated delivery writes too: WAIT counts what its own connection wrote'],
  },
]

const FEED: readonly Mutation[] = [
  {
    without: 'prune: the note of the last entry that went',
    patches: [['prune', "redis.call('SET', base .. ':trimmed', last)", '']],
    breaks: ['a reader at the last entry that was trimmed has missed nothing'],
  },
  {
    without: 'prune: the place of the newest entry',
    patches: [
      ['prune', "redis.call('XTRIM', key, 'MAXLEN', '=', keep)", "redis.call('XTRIM', key, 'MAXLEN', '=', keep - 1)"],
    ],
    breaks: ['the newest entry of a feed stays, however large it is'],
  },
  {
    without: 'enqueue: the look whether the message of a large text was stored',
    patches: [['enqueue', "if answers[tonumber(ARGV[i])] == 'c' then", 'if true then']],
    breaks: ['a large text is kept of what was applied alone'],
  },
  {
    without: 'commit: the look whether the step of a large text was applied',
    patches: [['commit', "if string.match(statuses[tonumber(ARGV[i])], '[am]') then", 'if true then']],
    breaks: ['a large text is kept of what was applied alone'],
  },
]

const ALLOWED = '#!lua flags=allow-oom\n'
const OOM: readonly Mutation[] = [
  {
    without: 'claim: allow-oom',
    patches: [['claim', ALLOWED, '#!lua\n']],
    breaks: ['a full server still lets claims through'],
  },
  {
    without: 'commit: allow-oom',
    patches: [['commit', ALLOWED, '#!lua\n']],
    breaks: ['a full server still lets commits through'],
  },
  {
    without: 'heartbeat: allow-oom',
    patches: [['heartbeat', ALLOWED, '#!lua\n']],
    breaks: ['a full server still renews leases'],
  },
  { without: 'trim: allow-oom', patches: [['trim', ALLOWED, '#!lua\n']], breaks: ['a full server can be emptied'] },
  { without: 'remove: allow-oom', patches: [['remove', ALLOWED, '#!lua\n']], breaks: ['a full server can be emptied'] },
  {
    without: 'prune: allow-oom',
    patches: [['prune', ALLOWED, '#!lua\n']],
    breaks: ['a feed can be trimmed on a full server'],
  },
  {
    without: 'enqueue: the refusal on a full server',
    patches: [['enqueue', '#!lua\n', ALLOWED]],
    breaks: ['a full server refuses new messages before the first write'],
  },
]

export const MUTATIONS: readonly Mutation[] = [
  ...CLAIM_TOKENS,
  ...CLAIM,
  ...ENQUEUE,
  ...COMMIT,
  ...OTHERS,
  ...REPEATED,
  ...FEED,
  ...OOM,
]
