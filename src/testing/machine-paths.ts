import { isDeepStrictEqual } from 'node:util'
import type { AnyStateMachine } from 'xstate'
import { decode, encode } from '../codec.ts'
import { eventLabel } from '../engine/stimulus.ts'
import { isError, RedriveError } from '../errors.ts'
import type { EventData, Message } from '../message.ts'
import { show } from '../options.ts'
import { journalTable } from './journal-table.ts'
import { eventPaths, type MachinePathsOptions } from './path-graph.ts'
import { modelOf, type ModelStep } from './path-model.ts'
import { startPlaythrough, type Playthrough } from './playthrough.ts'
import { createTestRedrive, type TestRedrive, type TestRedriveOptions } from './test-redrive.ts'

/** A path through a machine, as a test case. */
export interface MachinePath {
  /** For the name of a test: where it leads, and by what. */
  readonly description: string
  readonly steps: readonly ModelStep[]
  /**
   * Sends a message through the real engine on this path, and compares it after each step with what XState alone says: state, context,
   * status and output. `machine` is another one to be held against the paths of this one: after a change, say.
   * @throws RedriveError `E_EXPECTATION` with the step, the difference and the journal.
   */
  run(t: TestRedrive, machine?: AnyStateMachine): Promise<void>
  /** The same in a test kit of its own. */
  test(options?: TestRedriveOptions & { readonly machine?: AnyStateMachine }): Promise<void>
}

/**
 * Paths through a machine from XState's graph, each a test case. Those that another one begins with are left out, and so are those
 * that time does not allow.
 * @throws RedriveError `E_INVALID_MACHINE`, `E_UNKNOWN_EVENT`, `E_INVALID_OPTION`
 *
 * @example
 * for (const path of machinePaths(order, { input: { total: 5 } })) test(path.description, () => path.test())
 */
export function machinePaths(machine: AnyStateMachine, options: MachinePathsOptions = {}): MachinePath[] {
  const models = eventPaths(machine, options).flatMap((path) => {
    const steps = modelOf(machine, options.input, path)
    return steps ? [steps] : []
  })
  return models.map((steps, i) => {
    const path: MachinePath = {
      steps,
      description: describe(machine.id, steps),
      run: (t, other = machine) => walk(t, `path-${i + 1}`, other, options.input, path),
      async test({ machine: other = machine, ...kit } = {}) {
        const t = createTestRedrive(kit)
        try {
          await path.run(t, other)
        } finally {
          await t.close()
        }
      },
    }
    return path
  })
}

async function walk(
  t: TestRedrive,
  name: string,
  machine: AnyStateMachine,
  input: unknown,
  { steps, description }: MachinePath,
): Promise<void> {
  const play = await startPlaythrough(t, machine, name, input)
  for (const [i, step] of steps.entries()) {
    const failure = (what: string): RedriveError => {
      const where = `step ${i} of ${steps.length - 1}, ${eventText(machine.id, step.event)}`
      return new RedriveError('E_EXPECTATION', `${machine.id} ${description}\n  ${where}: ${what}`, { step: i })
    }
    // What was due at once was taken together with the step before.
    if (i > 0 && !steps[i - 1]!.passing) {
      await act(t, play, step).catch((cause: unknown) => {
        throw failure(`cannot be taken: ${isError(cause) ? cause.message : show(cause)}`)
      })
    }
    if (step.passing) continue
    await t.drain()
    const message = await play.message()
    const difference = differenceOf(message, step)
    if (difference !== undefined) throw failure(`${difference}\n${journalTable(message.history)}`)
  }
}

/** Makes the world outside do what a step says. */
async function act(t: TestRedrive, play: Playthrough, { event, timer }: ModelStep): Promise<void> {
  const [, kind, id] = /^xstate\.(done|error)\.actor\.(.*)$/s.exec(event.type) ?? []
  if (kind === 'done') return play.end(id!, { output: event['output'] })
  if (kind === 'error') return play.end(id!, { error: event['error'] })
  if (timer === undefined) return play.take(event)
  const { timers, state } = await play.message()
  const set = timers.find(({ id }) => timer === '' || id === timer)
  if (!set) throw new RedriveError('E_EXPECTATION', `no such timer is set in "${state}".`)
  await t.advance(set.due - t.now())
}

function differenceOf(message: Message, step: ModelStep): string | undefined {
  const put = message.quarantine ? `; it was put aside: ${message.quarantine.reason}` : ''
  if (message.state !== step.state) return `should lead to "${step.state}", and led to "${message.state}"${put}`
  for (const fact of ['status', 'context', 'output'] as const) {
    const [expected, actual] = [step[fact], message[fact]].map(asStored)
    if (!isDeepStrictEqual(expected, actual))
      return `${fact} in "${step.state}" should be ${text(expected)}, and is ${text(actual)}`
  }
  return undefined
}

/** What is not in JSON comes back from the store as its like. */
const asStored = (value: unknown): unknown => (value === undefined ? undefined : decode(encode(value, 'value')))

const text = (value: unknown): string => (value === undefined ? 'undefined' : encode(value, 'value'))

function describe(machineId: string, steps: readonly ModelStep[]): string {
  const events = steps.slice(1).map(({ event }) => eventText(machineId, event))
  return `comes to ${steps.at(-1)!.state}${events.length > 0 ? ` by ${events.join(', ')}` : ''}`
}

/** As a journal names it, with what it carries. */
function eventText(machineId: string, { type, ...data }: EventData): string {
  const [, kind] = /^xstate\.(done|error)\.actor\./.exec(type) ?? []
  const value = kind === undefined ? data : data[kind === 'done' ? 'output' : 'error']
  const label = eventLabel(machineId, type)
  if (isError(value)) return `${label} "${value.message}"`
  const empty = value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  return empty ? label : `${label} ${text(value)}`
}
