import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnyStateMachine } from 'xstate'
import * as examples from '../../machines/examples/index.ts'
import { messageMachine } from '../../machines/index.ts'
import type { Redrive } from '../client/redrive.ts'
import { nearest, RedriveError } from '../errors.ts'
import { clientFor, IDLE, loadModule } from './module.ts'
import { DEFAULTS } from '../options.ts'
import { usage } from './usage.ts'

/** Machines that come with it, by their ids. */
const SHIPPED = new Map(machinesAmong({ messageMachine, ...examples }).map(([, machine]) => [machine.id, machine]))

type Named = readonly [name: string, machine: AnyStateMachine]

/**
 * The machine of a file: what it exports, or what the queues have that its default export defines; or one that comes with Redrive, by
 * its id. `name` chooses among several, by export, queue or id.
 * @throws RedriveError `E_INVALID_OPTION` when there is none, `E_USAGE` when it is not clear which.
 */
export async function loadMachine(place: string, redrive: Redrive, name?: string): Promise<AnyStateMachine> {
  const file = resolve(place)
  const shipped = SHIPPED.get(place)
  if (!existsSync(file)) {
    if (shipped) return shipped
    const near = nearest(place, SHIPPED.keys())
    const text = `there is no file "${place}", and no machine of that name comes with Redrive.`
    const hint = near === undefined ? ` It has: ${[...SHIPPED.keys()].join(', ')}.` : ` Did you mean "${near}"?`
    throw new RedriveError('E_INVALID_OPTION', text + hint, { path: place })
  }
  const exports = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  const found = machinesAmong(exports)
  return choose(place, found.length > 0 ? found : await machinesOfQueues(place, redrive), name)
}

function machinesAmong(exports: Readonly<Record<string, unknown>>): Named[] {
  return Object.entries(exports).flatMap(([name, value]) => (isMachine(value) ? [[name, value] as const] : []))
}

/** By its shape: the file may have an XState of its own. */
function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && 'root' in value && 'transition' in value && 'config' in value
}

async function machinesOfQueues(place: string, redrive: Redrive): Promise<Named[]> {
  const found: Named[] = []
  const module = await loadModule(place)
  const client = clientFor(redrive, (queue) => {
    found.push([queue.name, queue.machine])
    return { ...queue, work: () => IDLE, on: () => () => {} }
  })
  await module(client, { concurrency: DEFAULTS.concurrency })
  return found
}

function choose(place: string, found: readonly Named[], name: string | undefined): AnyStateMachine {
  const names = [...new Set(found.map(([each]) => each))].join(', ')
  const fitting = found.filter(([each, { id }]) => name === undefined || each === name || id === name)
  const different = new Set(fitting.map(([, machine]) => machine))
  const [only, ...others] = different
  if (only && others.length === 0) return only
  if (only) throw usage(`"${place}" has several machines: say which by --machine. It has: ${names}.`)
  if (found.length > 0) throw usage(`"${place}" has no machine "${name}". It has: ${names}.`)
  throw new RedriveError('E_INVALID_OPTION', `"${place}" has no machine: export one, or define a queue with one.`, {
    path: place,
  })
}
