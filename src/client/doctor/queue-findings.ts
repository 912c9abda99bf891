import type { IndexFault } from '../../store/index-fault.ts'
import type { CaseList } from './case-list.ts'
import type { ExaminedQueue } from './examined-queue.ts'
import type { ForeignKey } from './foreign-keys.ts'
import { finding, type Finding, type FindingCode } from './finding.ts'

/** What is wrong with a queue. `definitions` is the key of them all. */
export function queueFindings(queue: ExaminedQueue, definitions: string): Finding[] {
  return [...definition(queue, definitions), ...foreign(queue), ...index(queue), ...due(queue), ...contents(queue)]
}

function* definition({ name, partitions }: ExaminedQueue, key: string): Generator<Finding> {
  if (!partitions)
    yield finding('D_DEFINITION', {
      queue: name,
      found: 'its stored definition is no number of partitions from 1 to 1024',
      command: `redis-cli HSET ${key} ${name} '{"partitions":<number>}'`,
    })
}

const foreign = ({ name, foreign: keys }: ExaminedQueue): Finding[] => keys.map((each) => foreignFinding(each, name))

/** What stands in the way of all scripts of a queue, or of all queues. */
export const foreignFinding = ({ key, type, expected }: ForeignKey, queue?: string): Finding =>
  finding('D_FOREIGN_KEY', {
    ...(queue === undefined ? {} : { queue }),
    found: `${key} is a ${type} and must be a ${expected}: nothing else of ${queue === undefined ? 'the queues' : 'this queue'} can be examined`,
    severity: 'error',
  })

const FAULTS: Readonly<Record<IndexFault, readonly [code: FindingCode, found: string]>> = {
  unlisted: ['D_UNLISTED', 'not in the set of their state'],
  misplaced: ['D_MISPLACED', 'in the set of a state in which they are not'],
  unnamed: ['D_UNNAMED_STATE', 'in a state that is not on the list of states'],
  missing: ['D_MISSING', 'in a set, and not there'],
  foreign: ['D_FOREIGN_KEY', 'no messages, under the key of one'],
  'late inbox': ['D_STUCK_INBOX', 'not due, though events wait for them'],
  'late timer': ['D_LATE', 'due later than their earliest timer'],
  'late work': ['D_LATE', 'not due, though an invocation or action waits'],
  'late lease': ['D_LATE', 'due later than their lease ends'],
}

function* index({ name, faults, leftovers }: ExaminedQueue): Generator<Finding> {
  for (const [fault, cases] of faults) {
    const [code, found] = FAULTS[fault]
    if (cases.count > 0) yield ofCases(code, name, cases, found)
  }
  if (leftovers.count > 0) yield ofCases('D_LEFTOVER_INBOX', name, leftovers, 'no more, and events for them are left')
}

function ofCases(code: FindingCode, queue: string, { count, examples, repaired }: CaseList, found: string): Finding {
  return finding(code, {
    queue,
    found: `${messages(count)}: ${found}`,
    count,
    examples,
    ...(repaired > 0 ? { repaired } : {}),
  })
}

const messages = (count: number): string => (count === 1 ? '1 message' : `${count} messages`)

function* due({ name, overdue, oldest, waiting, leased, listeners, paused }: ExaminedQueue): Generator<Finding> {
  const since = `the longest for ${Math.round(oldest / 1000)} s`
  const heard = listeners > 0 ? '' : ', and no worker is connected'
  if (paused > 0)
    yield finding('D_PAUSED', {
      queue: name,
      found: `${paused === 1 ? '1 partition is' : `${paused} partitions are`} paused`,
    })
  if (waiting.count > 0)
    yield finding('D_OVERDUE', {
      queue: name,
      found: `${messages(overdue)}: due for more than a minute, ${since}${heard}`,
      count: overdue,
      examples: waiting.examples,
      severity: listeners > 0 || paused > 0 ? 'warning' : 'error',
    })
  if (leased.count > 0)
    yield finding('D_LEASE_ENDED', {
      queue: name,
      found: `${messages(leased.count)} of the longest due: their leases ended more than a minute ago${heard}`,
      count: leased.count,
      examples: leased.examples,
    })
}

function* contents({
  name,
  strangers,
  inVain,
  unread,
  quarantined,
  quarantine,
  bytes,
}: ExaminedQueue): Generator<Finding> {
  for (const [ref, { count, examples }] of strangers)
    yield finding('D_UNKNOWN_MACHINE', {
      queue: name,
      found: `${messages(count)}: of the machine ${ref}, which never came to this queue`,
      count,
      examples,
    })
  for (const [ref, { count, examples }] of inVain)
    yield finding('D_CLAIMED_IN_VAIN', {
      queue: name,
      found: `${messages(count)}: claimed and put back again and again, because no worker that is alive knows the machine ${ref}`,
      count,
      examples,
    })
  if (unread) yield finding('D_NOT_COMPARED', { queue: name, found: 'its index was not compared with its messages' })
  if (quarantined > 0)
    yield finding('D_QUARANTINED', {
      queue: name,
      found: `${messages(quarantined)}: in quarantine`,
      count: quarantined,
      examples: quarantine.examples,
      command: `redrive release ${name} --all`,
    })
  if (bytes.excess !== 0)
    yield finding('D_BYTES', {
      queue: name,
      found: `the count of bytes is off by ${bytes.excess}`,
      ...(bytes.repaired > 0 ? { repaired: bytes.repaired } : {}),
    })
}
