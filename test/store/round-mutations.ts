import type { Mutation } from './mutations.ts'

const RESENT_OWNER = 'if mine[1] == owner and (not holder or holder == token) then'
const START = "if input and call('SET', locks .. id, token, 'NX', 'PX', lease) then"
const VERDICT = 'if mine == fence and (not lock or lock == lockToken) then'

/** Each line of the round that keeps a rule, and the rules that break without it. */
export const ROUND_MUTATIONS: readonly Mutation[] = [
  {
    without: 'round: the move of what it starts',
    patches: [['round', "call('ZREM', sets .. recipe.state, unpack(taken))", '']],
    breaks: ['a round starts what waits as it was stored, in the order of the sends'],
  },
  {
    without: 'round: the lock of a start',
    patches: [['round', START, 'if input then']],
    breaks: [
      'a round holds the lock of what it starts',
      'a round leaves a message under a foreign lock to the plain claim',
    ],
  },
  {
    without: 'round: NX on the lock of a start',
    patches: [['round', START, START.replace("'NX', ", '')]],
    breaks: ['a round leaves a message under a foreign lock to the plain claim'],
  },
  {
    without: 'round: the end of the lease as the score of a start',
    patches: [
      [
        'round',
        'members[#members + 1], members[#members + 2] = leaseEnd, id',
        "members[#members + 1], members[#members + 2] = '4e15', id",
      ],
    ],
    breaks: ['what a round starts is due again when its lease is over'],
  },
  {
    without: 'round: the limit',
    patches: [['round', 'startAll(math.ceil(limit / (due + 1)))', 'startAll(1000)']],
    breaks: ['a round takes no more than was asked for'],
  },
  {
    without: 'round: the share of a state',
    patches: [['round', 'math.ceil(limit / (due + 1))', 'limit']],
    breaks: ['a round takes no more than the share of its state, and tells of the others'],
  },
  {
    without: 'round: the look for events',
    patches: [['round', "local withoutEvents = call('EXISTS', unpack(inboxes)) == 0", 'local withoutEvents = true']],
    breaks: ['a round leaves a message with an event to the plain claim'],
  },
  {
    without: 'round: the comparison of the machine',
    patches: [['round', ' or flat[6] ~= recipe.machine then', ' then']],
    breaks: ['a round leaves a message of another version to the plain claim'],
  },
  {
    without: 'round: the comparison of all fields',
    patches: [
      ['round', 'if flat[i] ~= PIECES[(i - 7) / 2] then', 'if false then'],
      ['round', '    input = input .. flat[i + 1]', ''],
    ],
    breaks: ['a round leaves a message with any field more to the plain claim'],
  },
  {
    without: 'round: the mark of what waits as it was stored',
    patches: [
      [
        'round',
        "flat[1] == 's' and flat[3] == 'B' and flat[5] == 'm' and flat[7] == 'p' and n <= 22 then",
        'false then',
      ],
      ['round', 'if n ~= 8 or map.s', 'if map.s'],
    ],
    breaks: ['a round leaves a message that was claimed before to the plain claim'],
  },
  {
    without: 'round: the pause',
    patches: [['round', "if limit > 0 and call('EXISTS', base .. ':paused') == 1 then", 'if false then']],
    breaks: ['a paused partition starts nothing by a round, and commits what has ended'],
  },
  {
    without: 'round: the move of what it settles',
    patches: [['round', "call('ZREM', sets .. group.from, unpack(applied))", '']],
    breaks: ['a round settles what has ended', 'a round removes what has ended and is not kept'],
  },
  {
    without: 'round: the look for a commit that was made before',
    patches: [['round', 'elseif stored[1] == fence then', 'elseif false then']],
    breaks: ['a group that is committed again by another round is a duplicate'],
  },
  {
    without: 'round: the fence',
    patches: [['round', VERDICT, 'if not lock or lock == lockToken then']],
    breaks: ['a group that is committed again by another round is a duplicate'],
  },
  {
    without: 'round: the fence and the lock',
    patches: [['round', VERDICT, 'if true then']],
    breaks: ['a group of an owner that lost its lease is fenced', 'a group whose lock is in other hands is fenced'],
  },
  {
    without: 'round: the lock check of a commit',
    patches: [['round', VERDICT, 'if mine == fence then']],
    breaks: ['a group whose lock is in other hands is fenced'],
  },
  {
    without: 'round: its record',
    patches: [['round', "call('SET', record, reply[4] .. '|' .. table.concat(taken, '\\n'), 'PX', ARGV[5])", '']],
    breaks: [
      'a round that is sent again answers both halves alike',
      'a round that is sent again answers only what is still its own',
    ],
  },
  {
    without: 'round: the check that a re-sent round still owns a message',
    patches: [
      ['round', RESENT_OWNER, 'if true then'],
      ['round', "call('ZADD', sets .. mine[2], 'XX', leaseEnd, id)", ''],
      ['round', 'return (map.b or map.B) .. input', "return (map.b or map.B or '1800000000000') .. input"],
    ],
    breaks: ['a round that is sent again answers only what is still its own'],
  },
  {
    without: 'round: the lock check of a re-sent round',
    patches: [['round', RESENT_OWNER, 'if mine[1] == owner then']],
    breaks: ['a round that is sent again leaves the lock of a foreign client alone'],
  },
  {
    without: 'round: the end of a record that was answered',
    patches: [['round', "call('DEL', base .. ':t:' .. ARGV[6])", '']],
    breaks: ['a round forgets one that was answered'],
  },
  {
    without: 'commit: what goes without saying of a bare message',
    patches: [['commit', 'fillIn(entry.sets, stored[5], stored[6])', '']],
    breaks: ['a bare message keeps what goes without saying through a commit'],
  },
]
