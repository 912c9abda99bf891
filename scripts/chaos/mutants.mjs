/**
 * Deliberate breakages. Each is made in a copy of the product and must be caught: by a chaos run that meets what the broken line is
 * there for, or by a file of the test suite. A patch whose text is not in its file exactly once is an error, not a survivor.
 * @typedef {object} Mutant
 * @property {string} without What is taken out.
 * @property {readonly (readonly [file: string, find: string, replace: string])[]} patches Of the build for a run, of the sources for a test.
 * @property {{ messages: number, faults: string }} [run]
 * @property {string} [test] A file of the suite.
 * @property {boolean} [quick] Among the handful that every test run tries.
 */

const lua = (name) => `src/store/lua/${name}.lua`
const FENCE = 'elseif stored[1] ~= entry.fence or (lock and lock ~= token) then'

/** @type {readonly Mutant[]} */
const BY_RUN = [
  {
    without: 'the fence of a commit',
    patches: [[lua('commit'), FENCE, 'elseif false then']],
    run: { messages: 600, faults: 'worker-stop,worker-stop' },
    quick: true,
  },
  {
    without: 'the check of a commit before it is written',
    patches: [[lua('commit'), "if status == 'a' then", "if status == 'a' or status == 'f' then"]],
    run: { messages: 600, faults: 'worker-stop,worker-stop' },
  },
  {
    without: 'the record of an enqueue',
    patches: [[lua('enqueue'), "redis.call('SET', record, answer, 'PX', ARGV[2])", '']],
    run: { messages: 800, faults: Array(25).fill('cut-reply').join() },
  },
  {
    without: 'the clock of Redis in a claim (the clock of the worker decides what is due)',
    patches: [
      ['src/store/scripts.js', 'String(lease), ttl);', 'String(lease), ttl, String(Date.now()));'],
      [lua('claim'), 'local now = time[1] * 1000 + math.floor(time[2] / 1000)', 'local now = tonumber(ARGV[6])'],
    ],
    run: { messages: 600, faults: 'worker-clock,worker-clock,worker-clock' },
  },
  {
    without: 'the clock of Redis in a worker (its own clock tells when a timer fires)',
    patches: [['src/clock.js', 'return Math.floor(this.#offsetAt(steady) + steady);', 'return Date.now();']],
    run: { messages: 800, faults: 'worker-clock,worker-clock,worker-clock,worker-clock' },
  },
  {
    without: 'half of the wait for a timer of a message that is worked on',
    patches: [
      [
        'src/worker/active-message.js',
        '(next.due ?? 0) - queue.clock.now()',
        '((next.due ?? 0) - queue.clock.now()) / 2',
      ],
      ['src/worker/active-message.js', 'queue.clock.now() < (next.due ?? 0)', 'false'],
    ],
    run: { messages: 600, faults: 'none' },
  },
  {
    without: 'the error for a lost lease',
    patches: [['src/engine/claimed.js', 'filter(({ running }) => running)', 'filter(() => false)']],
    run: { messages: 400, faults: 'worker-kill,worker-kill' },
  },
  {
    without: 'the trim of the inbox',
    patches: [[lua('commit'), "redis.pcall('LTRIM', inbox, entry.consumed, -1)", '']],
    run: { messages: 300, faults: 'none' },
  },
  {
    without: 'patience with the inbox (it is trimmed when it is read, before the commit)',
    patches: [
      [
        'src/store/redis-store.js',
        'const inbox = (partition, id) => redis.lrange(keys.inbox(partition, id), 0, -1);',
        'const inbox = async (partition, id) => { const key = keys.inbox(partition, id); const mail = await redis.lrange(key, 0, -1); await redis.ltrim(key, mail.length, -1); return mail; };',
      ],
    ],
    run: { messages: 600, faults: 'worker-kill,worker-kill' },
  },
  {
    without: 'the remembered ids of events',
    patches: [[lua('deliver'), "if redis.call('ZADD', key, 'NX', now, eventId) == 0 then", 'if false then']],
    run: { messages: 1200, faults: Array(8).fill('producer-kill').join() },
  },
  {
    without: 'the order of an inbox',
    patches: [
      [
        lua('deliver'),
        "redis.call('RPUSH', base .. ':i:' .. id, event)",
        "redis.call('LPUSH', base .. ':i:' .. id, event)",
      ],
    ],
    run: { messages: 300, faults: 'none' },
  },
  {
    without: 'the attention of a message that has mail',
    patches: [[lua('deliver'), "redis.call('ZADD', base .. ':s:' .. stored[1], 'XX', 'LT', now, id)", '']],
    run: { messages: 300, faults: 'none' },
    quick: true,
  },
  {
    without: 'the mail of a message that is let go',
    patches: [[lua('commit'), 'local due = mail and now or entry.due', 'local due = entry.due']],
    run: { messages: 1000, faults: 'delay,delay,delay,delay' },
  },
  {
    without: 'the removal from the set of the state before',
    patches: [[lua('commit'), "redis.call('ZREM', base .. ':s:' .. old, entry.id)\n    if not", 'if not']],
    run: { messages: 200, faults: 'none' },
  },
  {
    without: 'the timers of a commit in the score',
    patches: [[lua('commit'), 'index(entry, old, due or PARKED + now)', 'index(entry, old, PARKED + now)']],
    run: { messages: 200, faults: 'none' },
  },
  {
    without: 'the feed of a commit',
    patches: [
      [
        lua('commit'),
        "local position = redis.call('XADD', base .. ':events', '*', 't', text, 'at', stamp)",
        "local position = '0-1'",
      ],
    ],
    run: { messages: 200, faults: 'none' },
  },
  {
    without: 'the wait for an answer before a send is acknowledged',
    patches: [
      [
        'src/client/sender.js',
        'const messages = batch.map(({ message }) => message);',
        "const messages = batch.map(({ message }) => message); for (const { resolve } of batch) resolve({ status: 'created' });",
      ],
    ],
    run: { messages: 800, faults: 'out-of-memory,producer-kill' },
  },
  {
    without: 'the word of the replicas in what is confirmed',
    patches: [
      ['src/store/confirmer.js', 'return { answer, replicas };', 'return { answer, replicas: options.replicas };'],
      ['src/store/confirmer.js', 'redis.wait(options.replicas, options.timeout)', '0'],
    ],
    run: { messages: 1500, faults: 'failover,failover' },
  },
  {
    without: 'the end of a connection that hears nothing',
    patches: [['src/store/connection.js', 'socketTimeout: settings.commandTimeout,', '']],
    run: { messages: 400, faults: 'half-open' },
  },
  {
    without: 'the time limit of a claim (a lease never ends)',
    patches: [[lua('claim'), 'postpone(state, id, now + lease)', 'postpone(state, id, now + 3600000)']],
    run: { messages: 400, faults: 'worker-kill,worker-kill' },
  },
]

/** @type {readonly Mutant[]} */
const BY_TEST = [
  {
    without: 'the notice of a lost lease, by the heartbeat and by its end',
    patches: [
      // The worker of that test is a process of its own, which runs the build.
      ['dist/src/worker/heartbeater.js', "status === 'lost'", 'false'],
      ['dist/src/worker/heartbeater.js', 'holder.leaseUntil <= now', 'false'],
    ],
    test: 'test/worker/lease.test.ts',
  },
  {
    without: 'the nonce of a timer (any timer fires in its place)',
    patches: [
      [
        'src/engine/stimulus.ts',
        'return find(message.timers, stimulus.nonce)?.event',
        'return [...message.timers.values()][0]?.event',
      ],
    ],
    test: 'test/engine/advance.test.ts',
  },
  {
    without: 'the nonce of a result (the next attempt takes it)',
    patches: [
      [
        'src/engine/stimulus.ts',
        "case 'done': {\n      const invocation = find(message.invocations, stimulus.nonce)",
        "case 'done': {\n      const invocation = [...message.invocations.values()][0]",
      ],
    ],
    test: 'test/engine/advance.test.ts',
  },
  {
    without: 'the record of an action that is still to be run',
    patches: [
      [
        'src/engine/snapshot.ts',
        'if (machine.actions.name(action) !== undefined)',
        'if (machine.actions.name(action) === null)',
      ],
    ],
    test: 'test/engine/last-actions.test.ts',
    quick: true,
  },
  {
    without: 'the return from a primary that became a replica',
    patches: [['src/store/connection.ts', 'if (/^(READONLY|NOREPLICAS)/.test(error.message)) return true', '']],
    test: 'test/store/reconnect.test.ts',
  },
  {
    without: 'the limit of attempts',
    patches: [
      [
        'machines/decision.ts',
        'if ((context.attempt ?? 0) < policy.attempts) return undefined',
        'if (policy.attempts > 0) return undefined',
      ],
    ],
    test: 'test/machines/message-limits.test.ts',
  },
  {
    without: 'the end of an attempt whose lease was lost too often',
    patches: [['machines/decision.ts', 'if (leasesLost > policy.maxLeasesLost)', 'if (leasesLost > 1e9)']],
    test: 'test/machines/message.test.ts',
  },
  {
    without: 'quarantine (a machine that throws stops its message for ever)',
    patches: [
      [
        'src/engine/advance.ts',
        'return setAside(message, toEvent(progress.pending, stimulus) ?? { type: stimulus.type }, cause, settings)',
        'throw cause',
      ],
    ],
    test: 'test/engine/quarantine.test.ts',
  },
]

/** Lines of the scripts, each taken out by this file of the suite, in which a rule that it names must break. */
export const SCRIPT_RULES = 'test/store/rules.test.ts'

export const MUTANTS = [...BY_RUN, ...BY_TEST]
