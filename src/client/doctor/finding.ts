/** `error`: messages are lost, stuck or refused. `warning`: they may be. `info`: worth knowing, and no reason to act. */
export type Severity = 'error' | 'warning' | 'info'

/** What the doctor found. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** The queue that it concerns; none for the server. */
  readonly queue?: string
  /** What was found, with its figures. */
  readonly found: string
  /** Why it matters. */
  readonly why: string
  /** What to do. */
  readonly mend: string
  /** The command that does it, where there is one. */
  readonly command?: string
  /** How many messages it concerns. */
  readonly count?: number
  /** The ids of a few of them. */
  readonly examples?: readonly string[]
  /** How many of them a repair has put right. */
  readonly repaired?: number
}

/** What differs from one finding to the next of the same code. */
export type FindingFacts = Pick<Finding, 'found'> & Partial<Omit<Finding, 'code' | 'found' | 'why' | 'mend'>>

interface Wording {
  readonly severity: Severity
  readonly why: string
  readonly mend: string
  readonly command?: string
}

const REBUILD = {
  mend: 'Rebuild the index from the messages; workers may go on meanwhile.',
  command: 'redrive doctor --repair',
} as const

/** All wording of the doctor but the figures. */
const WORDING = {
  D_SERVER_VERSION: {
    severity: 'error',
    why: 'Its scripts need flags that older servers do not know.',
    mend: 'Upgrade to Redis 7.0 or Valkey 7.2 at least.',
  },
  D_READ_ONLY: {
    severity: 'error',
    why: 'A replica takes no writes: nothing can be sent or worked on here.',
    mend: 'Give the address of the primary.',
  },
  D_EVICTION: {
    severity: 'error',
    why: 'A full server will delete messages that were acknowledged.',
    mend: 'Let it refuse new messages instead.',
    command: 'redis-cli CONFIG SET maxmemory-policy noeviction',
  },
  D_EVICTED: {
    severity: 'error',
    why: 'Keys that were evicted may have been messages; those are lost.',
    mend: 'Set maxmemory-policy to noeviction, give the server to Redrive alone, and look for what is missing.',
  },
  D_MEMORY: {
    severity: 'warning',
    why: 'A full server refuses new messages; those that it holds still go on.',
    mend: 'Raise maxmemory, keep settled messages for a shorter time, or add workers.',
  },
  D_NO_PERSISTENCE: {
    severity: 'error',
    why: 'A crash or a restart of the server loses every message.',
    mend: 'Switch the append-only file on, here and in the configuration of the server.',
    command: 'redis-cli CONFIG SET appendonly yes',
  },
  D_SNAPSHOTS_ONLY: {
    severity: 'warning',
    why: 'A crash of the server loses what was acknowledged since its last snapshot.',
    mend: 'Switch the append-only file on, here and in the configuration of the server.',
    command: 'redis-cli CONFIG SET appendonly yes',
  },
  D_NO_FSYNC: {
    severity: 'warning',
    why: 'When the machine fails, what its system had not written yet is lost: half a minute and more.',
    mend: 'Have the append-only file synced each second.',
    command: 'redis-cli CONFIG SET appendfsync everysec',
  },
  D_SLOW_FSYNC: {
    severity: 'warning',
    why: 'While a sync is not done, the server keeps what it has answered in its own memory, for up to two seconds: if it is killed then, that is lost.',
    mend: 'Give it a faster disk, or one that it does not share; where nothing may be lost, have it sync before it answers.',
    command: 'redis-cli CONFIG SET appendfsync always',
  },
  D_PERSISTENCE_FAILING: {
    severity: 'error',
    why: 'What is not on the disk is lost with the next crash, and a server that cannot write its file may refuse all writes.',
    mend: 'Look into the log of the server: most often its disk is full, or the directory is not its own.',
  },
  D_REPLICAS: {
    severity: 'warning',
    why: 'A replica that lags or is away loses messages when it takes over.',
    mend: 'See to the replica; with the option durability a send says what it has.',
  },
  D_MIN_REPLICAS: {
    severity: 'warning',
    why: 'In an ordered failover the old primary takes writes for some ten seconds more, and loses them; it has no replica by then, and could refuse them.',
    mend: 'Let it refuse what no replica would have; in the configuration of each server too.',
  },
  D_NO_REPLICAS: {
    severity: 'info',
    why: 'While this server is down nothing can be sent or worked on.',
    mend: 'Add a replica and Sentinel, if that is too long for you.',
  },
  D_HASHES: {
    severity: 'warning',
    why: 'Messages lie in chunks made for the defaults of the server; below them each takes about twice the memory.',
    mend: 'Set it back to the default, here and in the configuration of the server.',
  },
  D_CLOCK: {
    severity: 'warning',
    why: 'Redrive goes by the clock of Redis alone, so nothing is early or late by this; but times in logs of programs do not match those of messages.',
    mend: 'Synchronise both machines with a time server.',
  },
  D_NOT_ALLOWED: {
    severity: 'info',
    why: 'A part of the examination was left out.',
    mend: 'Let the user of this command run it, for the time of the examination.',
  },
  D_DEFINITION: {
    severity: 'error',
    why: 'Clients compare their own number of partitions with the stored one, and do not start when it differs or cannot be read.',
    mend: 'Store the number of partitions that its programs use.',
  },
  D_STRAY_PARTITION: {
    severity: 'error',
    why: 'No worker looks into it: its messages are never worked on.',
    mend: 'Work them off with a client of that queue and number of partitions, or delete them.',
  },
  D_UNLISTED: {
    severity: 'error',
    why: 'A message that is not in the set of its state is never claimed, listed or counted.',
    ...REBUILD,
  },
  D_MISPLACED: {
    severity: 'warning',
    why: 'The message is counted in a state in which it is not; a claim that meets it there puts that right.',
    ...REBUILD,
  },
  D_UNNAMED_STATE: {
    severity: 'error',
    why: 'Claims read the states on the list only: messages in another one are never worked on.',
    ...REBUILD,
  },
  D_MISSING: {
    severity: 'warning',
    why: 'A member of a set without its message is counted and never worked on. What was evicted or deleted by hand looks like this; so does, for a while, a slot that moves to another server.',
    mend: 'Nothing at first: an hour after a worker has come upon it, it is taken out. To do so now, for good:',
    command: 'redrive doctor --repair --yes',
  },
  D_LEFTOVER_INBOX: {
    severity: 'warning',
    why: 'Events for a message that is no more take memory, and nobody will ever take them.',
    mend: 'Delete them.',
    command: 'redrive doctor --repair --yes',
  },
  D_FOREIGN_KEY: {
    severity: 'warning',
    why: 'Another program has written under a key of Redrive. Where that is of a message, a send of its id is answered duplicate, or fails; where it is of a queue, all its sends and claims can fail.',
    mend: 'Find out who wrote it, and delete it or rename it. Where it was of a queue, rebuild its index then: redrive doctor --repair.',
  },
  D_STUCK_INBOX: {
    severity: 'error',
    why: 'Events wait for the message, and it is not due before long: no worker takes them.',
    ...REBUILD,
  },
  D_LATE: {
    severity: 'error',
    why: 'A timer, an invocation, an action or the end of a lease asks for a worker earlier than the index says.',
    ...REBUILD,
  },
  D_OVERDUE: {
    severity: 'warning',
    why: 'Messages that are due wait for a worker: there are too few, or none.',
    mend: 'Start workers, or more of them; see with `redrive stats --watch` whether the backlog shrinks.',
  },
  D_PAUSED: {
    severity: 'info',
    why: 'No message of it is claimed until somebody lets it go on.',
    mend: 'Let it go on when what it waits for is done.',
  },
  D_LEASE_ENDED: {
    severity: 'warning',
    why: 'Their workers crashed or were cut off, and no other has come to take them over.',
    mend: 'Start workers: they go on with these messages first.',
  },
  D_UNKNOWN_MACHINE: {
    severity: 'error',
    why: 'Unless a worker has the code of that very version, its messages are put aside when they are due.',
    mend: 'Compare them with the code, and migrate them or bring the version back.',
    command: 'redrive machines check --module worker.mjs',
  },
  D_CLAIMED_IN_VAIN: {
    severity: 'error',
    why: 'Workers find them due, and leave them to others that know their machine; there is none, so they wait for ever.',
    mend: 'Start a worker that has this machine, also by `versions` or `migrate`; or remove what was sent by mistake, and send it with the machine of the queue.',
    command: 'redrive machines check --module worker.mjs',
  },
  D_NOT_COMPARED: {
    severity: 'info',
    why: 'The user of the server may run no scripts, which compare the two in one step.',
    mend: 'Run the doctor as a user that may, or leave it.',
  },
  D_QUARANTINED: {
    severity: 'warning',
    why: 'Their machine threw or did not fit; they wait until somebody acts.',
    mend: 'Look at the reason of one with `redrive show`, mend the machine, and let them out.',
  },
  D_BYTES: {
    severity: 'warning',
    why: 'maxBytes is held against this number: a send is refused too early, or too late.',
    mend: 'Count again.',
    command: 'redrive doctor --repair',
  },
} as const satisfies Readonly<Record<string, Wording>>

export type FindingCode = keyof typeof WORDING

export function finding(code: FindingCode, { severity, found, command, ...facts }: FindingFacts): Finding {
  const wording: Wording = WORDING[code]
  const advice = command ?? wording.command
  return {
    code,
    severity: severity ?? wording.severity,
    ...facts,
    found,
    why: wording.why,
    mend: wording.mend,
    ...(advice === undefined ? {} : { command: advice }),
  }
}

/** Whether something is left to do about it. */
export const isOpen = ({ severity, count, repaired = 0 }: Finding): boolean =>
  severity !== 'info' && (repaired === 0 || repaired < (count ?? 1))
