import { inspect } from 'node:util'
import { isError, reasonOf } from '../errors.ts'

/** Where Redrive writes its log. Default: warnings and errors to stderr. */
export interface Logger {
  debug(text: string, facts?: object): void
  info(text: string, facts?: object): void
  warn(text: string, facts?: object): void
  error(text: string, facts?: object): void
}

const write = (level: string) => (text: string) => void process.stderr.write(`redrive ${level}: ${text}\n`)

export const stderrLogger: Logger = { debug: () => {}, info: () => {}, warn: write('warning'), error: write('error') }

export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const reason = reasonOf

/** What a machine says may be anything, such as a context that no JSON can tell. */
function said(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return inspect(value, { breakLength: Infinity })
  }
}

/** Another message that is told of. */
interface Target {
  readonly queue: string
  readonly id: string
}

/** All wording of the log. */
export interface Log {
  serverWarning(warning: string): void
  machineWarning(machine: string, warning: string): void
  leftToColleagues(queue: string, ref: string): void
  nearQueue(queue: string, near: string, isNew: boolean): void
  listenerFailed(event: string, error: unknown): void
  workerFailed(worker: string, error: unknown): void
  leaseLost(id: string, worker: string): void
  quarantined(id: string, cause: unknown): void
  claimFailed(queue: string, error: unknown): void
  commitFailed(queue: string, error: unknown): void
  heartbeatFailed(queue: string, error: unknown): void
  sweepFailed(queue: string, error: unknown): void
  feedFailed(queue: string, error: unknown): void
  locksUnavailable(queue: string, error: unknown): void
  locksAvailable(queue: string): void
  workerStalled(queue: string, dueSince: number): void
  workerRecovered(queue: string): void
  outboxFailed(error: unknown): void
  outboxWaits(batches: number, error: unknown): void
  dashboardFailed(error: unknown): void
  fromHandler(id: string, text: string): void
  fromMachine(id: string, value: unknown, label?: string): void
  actionFailed(id: string, action: string, error: unknown): void
  actionWithoutCode(id: string, action: string): void
  postFailed(id: string, action: string, error: unknown): void
  letterRefused(id: string, event: string, target: Target, error: unknown): void
  childRefused(id: string, child: Target, error: unknown): void
}

export function createLog(logger: Logger): Log {
  return {
    serverWarning: (warning) => logger.warn(warning),
    machineWarning: (machine, warning) => logger.warn(`machine "${machine}": ${warning}`),
    nearQueue: (queue, near, isNew) =>
      logger.warn(
        `"${queue}" is ${isNew ? 'a new queue' : 'a queue on which nobody ever worked'}. Did you mean "${near}"?`,
        { queue },
      ),
    listenerFailed: (event, error) => logger.error(`a listener of "${event}" threw: ${reason(error)}`),
    workerFailed: (worker, error) => logger.error(`${worker} cannot work: ${reason(error)}`),
    leftToColleagues: (queue, ref) =>
      logger.warn(`messages of ${ref} are left to the workers of "${queue}" that know it, as long as one is alive`, {
        queue,
        machine: ref,
      }),
    leaseLost: (id, worker) =>
      logger.warn(`${worker} lost its lease of "${id}": its handler is aborted, another worker goes on`, {
        id,
        worker,
      }),
    quarantined: (id, cause) =>
      logger.error(`"${id}" is put aside, its machine could not take a step: ${reason(cause)}`, { id }),
    claimFailed: (queue, error) => logger.warn(`cannot claim messages of "${queue}", trying again: ${reason(error)}`),
    commitFailed: (queue, error) => logger.warn(`cannot commit to "${queue}", trying again: ${reason(error)}`),
    heartbeatFailed: (queue, error) => logger.warn(`cannot renew leases of "${queue}": ${reason(error)}`),
    sweepFailed: (queue, error) => logger.warn(`cannot trim "${queue}": ${reason(error)}`),
    feedFailed: (queue, error) => logger.warn(`cannot read the feed of "${queue}", trying again: ${reason(error)}`),
    locksUnavailable: (queue, error) => logger.error(`the work on "${queue}" is paused: ${reason(error)}`, { queue }),
    locksAvailable: (queue) =>
      logger.warn(`the work on "${queue}" goes on: a majority of the lock nodes answers again`, { queue }),
    workerStalled: (queue, dueSince) =>
      logger.error(
        `messages of "${queue}" have been due since ${new Date(dueSince).toISOString()}, and this worker gets none`,
        { queue },
      ),
    workerRecovered: (queue) => logger.warn(`the worker of "${queue}" gets messages again`, { queue }),
    outboxFailed: (error) => logger.error(`there is no outbox: ${reason(error)}`),
    outboxWaits: (batches, error) =>
      logger.warn(`${batches} batches wait in the outbox, trying again: ${reason(error)}`),
    dashboardFailed: (error) => logger.error(`the dashboard failed: ${isError(error) ? error.stack : String(error)}`),
    fromHandler: (id, text) => logger.info(`"${id}": ${text}`, { id }),
    fromMachine: (id, value, label) =>
      logger.info(`"${id}": ${label === undefined ? '' : `${label}: `}${said(value)}`, { id }),
    actionFailed: (id, action, error) =>
      logger.error(`"${id}": the action "${action}" threw: ${reason(error)}`, { id, action }),
    actionWithoutCode: (id, action) =>
      logger.warn(`"${id}": there is no code for the action "${action}"`, { id, action }),
    postFailed: (id, action, error) =>
      logger.warn(`"${id}": cannot carry out "${action}" now, trying again: ${reason(error)}`, { id, action }),
    letterRefused: (id, event, target, error) =>
      logger.error(`"${id}": ${event} for "${target.id}" of "${target.queue}" was refused: ${reason(error)}`, { id }),
    childRefused: (id, child, error) =>
      logger.error(`"${id}": its child "${child.id}" of "${child.queue}" was not started: ${reason(error)}`, { id }),
  }
}
