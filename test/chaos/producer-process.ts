/** A producer process of a chaos run: argv[2] is its ProducerJob as JSON. Started again after a kill, it goes on where its records end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, Redrive, type Queue, type SignalResult } from '../../src/index.ts'
import { chance } from './chance.ts'
import { NOTES } from './charts.ts'
import type { ProducerJob } from './job.ts'
import { logTo } from './process-log.ts'
import { openRecords, readRecords, type Entry } from './record-file.ts'
import { optionsOf, planOf, QUEUES, type Plan, type QueueName } from './workload.ts'

const job = JSON.parse(process.argv[2]!) as ProducerJob
const before = readRecords(job.records)
const records = openRecords(job.records)
const acked = new Set(before.flatMap((entry) => (entry.t === 'ack' ? [entry.id] : [])))
const noted = new Set(before.flatMap((entry) => (entry.t === 'note' ? [noteKey(entry)] : [])))
const attempted = new Set(before.flatMap((entry) => (entry.t === 'ack' || entry.t === 'try' ? [entry.id] : [])))

/** Messages in flight at a time. */
const CALLERS = 40
let released = 0
let release = (): void => {}
let done = 0

/** Each sender of notes is a client of its own, with its own connection. */
const clients = NOTES.senders.map((sender) => openQueues(sender))

function openQueues(sender: string): ReadonlyMap<QueueName, Queue> {
  const redrive = new Redrive({
    redis: job.redis,
    commandTimeout: job.commandTimeout,
    feed: { entries: 10_000_000, bytes: 8 * 1024 ** 3 },
    logger: logTo(`${job.name}${sender}`),
    ...(job.confirmed ? { durability: { replicas: 1, timeout: 1000 } } : {}),
  })
  return new Map(
    QUEUES.map((name) => [
      name,
      redrive.queue(
        name,
        optionsOf(name, () => {}),
      ),
    ]),
  )
}

function noteKey({ id, sender, number }: Pick<Extract<Entry, { t: 'note' }>, 'id' | 'sender' | 'number'>): string {
  return `${id} ${sender} ${number}`
}

/** Until it is answered: the server may be away, full, busy or read-only for a while. `tries` tells how often it was called. */
async function answered<T>(call: () => Promise<T>): Promise<{ answer: T; tries: number } | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return { answer: await call(), tries }
    } catch (error) {
      // A message that was done and removed, or that a failover took back.
      if (hasCode(error, 'E_NOT_FOUND')) return undefined
      if (tries % 20 === 0) process.stderr.write(`${job.name} ${String(error)}\n`)
      await sleep(30)
    }
  }
}

const confirmedBy = ({ confirmed }: { confirmed?: number }) => (confirmed === undefined ? {} : { confirmed })

async function deliver(plan: Plan): Promise<void> {
  const queue = clients[0]!.get(plan.queue)!
  if (!acked.has(plan.id)) {
    const sent = await answered(() => {
      records.write({ t: 'try', id: plan.id })
      return queue.send(plan.input, plan.send)
    })
    if (sent) records.write({ t: 'ack', id: plan.id, status: sent.answer.status, ...confirmedBy(sent.answer) })
  }
  // Not known whether one that is started again sent it already; once is enough.
  if (plan.signal && !acked.has(plan.id)) await answered(() => queue.signal(plan.id, { type: plan.signal! }))
  if (plan.queue === 'ordered') await Promise.all(NOTES.senders.map((sender, i) => sendNotes(plan, sender, i)))
  acked.add(plan.id)
}

/** All notes of one sender at once, those of others while the first are worked on: each client keeps its own in order. Those that have to be sent again are applied once, in an order of their own. */
async function sendNotes({ id, queue }: Plan, sender: string, client: number): Promise<void> {
  const target = clients[client]!.get(queue)!
  const fresh = !attempted.has(id)
  const numbers = Array.from({ length: NOTES.each }, (_, i) => i + 1).filter(
    (number) => !noted.has(noteKey({ id, sender, number })),
  )
  const answers: Promise<{ answer: SignalResult; tries: number } | undefined>[] = []
  for (const number of numbers) {
    if (client > 0) await sleep(40 * chance(job.seed, id, 'gap'))
    const options = { eventId: `${sender}-${number}` }
    answers.push(answered(() => target.signal(id, { type: 'NOTE', sender, number }, options)))
  }
  const results = await Promise.all(answers)
  const clean = fresh && results.every((result) => result?.tries === 1)
  results.forEach((result, i) => {
    if (!result) return
    const { status } = result.answer
    records.write({ t: 'note', id, sender, number: numbers[i]!, status, clean, ...confirmedBy(result.answer) })
  })
}

let next = 0
async function caller(): Promise<void> {
  while (next < job.count) {
    if (next >= released) {
      await new Promise<void>((resolve) => {
        const earlier = release
        release = () => {
          earlier()
          resolve()
        }
      })
      continue
    }
    await deliver(planOf(job.seed, job.first + next++ * job.step))
    done++
  }
}

process.on('message', ({ release: upTo }: { release: number }) => {
  released = upTo
  const waiting = release
  release = () => {}
  waiting()
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
await Promise.all(Array.from({ length: CALLERS }, caller))
process.send?.({ done })
