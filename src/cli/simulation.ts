import type { AnyStateMachine } from 'xstate'
import { nearest } from '../errors.ts'
import type { JournalEntry } from '../message.ts'
import { toMs } from '../options.ts'
import { startPlaythrough, type Outcome, type Playthrough } from '../testing/playthrough.ts'
import type { TestRedrive } from '../testing/test-redrive.ts'
import { parseEvent } from './parse-event.ts'
import { viewOf, type SimulationView } from './simulation-view.ts'
import { usage } from './usage.ts'

/** A machine that is played by hand, a line at a time. */
export interface Simulation {
  view(): Promise<SimulationView>
  /** @throws RedriveError `E_USAGE` and what the engine refuses; nothing has happened then. */
  perform(line: string): Promise<Answer>
}

/** `moved`: something may have happened, look again. */
export type Answer = { readonly type: 'moved' | 'shown' | 'help' | 'quit' } | History

interface History {
  readonly type: 'history'
  readonly entries: readonly JournalEntry[]
}

type Command = (rest: string) => Promise<Answer>

export async function startSimulation(t: TestRedrive, machine: AnyStateMachine, input: unknown): Promise<Simulation> {
  const play = await startPlaythrough(t, machine, 'simulated', input)
  await t.drain()

  const moved = async (action: Promise<unknown>): Promise<Answer> => {
    await action
    await t.drain()
    return { type: 'moved' }
  }
  const commands = new Map<string, Command>([
    ['event', (rest) => moved(play.take(eventOf(rest)))],
    ['done', async (rest) => moved(end(play, rest, (text) => ({ output: text === '' ? undefined : json(text) })))],
    ['error', async (rest) => moved(end(play, rest, (text) => ({ error: errorOf(text) })))],
    ['advance', (rest) => moved(advance(t, play, rest))],
    ['show', async () => ({ type: 'shown' })],
    ['history', async () => ({ type: 'history', entries: await t.history(play.queue, play.id) })],
    ['help', async () => ({ type: 'help' })],
    ['quit', async () => ({ type: 'quit' })],
  ])

  return {
    async view() {
      return viewOf(await play.message(), machine.id, t.now(), await play.possible())
    },
    async perform(line) {
      const [, word = '', rest = ''] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(line) ?? []
      const command = commands.get(word)
      if (command) return command(rest)
      const near = nearest(word, commands.keys())
      if (near !== undefined && near !== word && /^[a-z]+$/.test(word))
        throw usage(`there is no command "${word}". Did you mean "${near}"?`)
      return moved(play.take(eventOf(line.trim())))
    },
  }
}

/** `APPROVE`, `APPROVE {"by":"ada"}` or `{"type":"APPROVE"}`. */
function eventOf(text: string): ReturnType<typeof parseEvent> {
  const [, type, data] = /^([^\s{]+)\s+(\{.*)$/s.exec(text) ?? []
  return type === undefined ? parseEvent(text) : parseEvent(type, data)
}

async function end(play: Playthrough, rest: string, outcome: (text: string) => Outcome): Promise<void> {
  const ids = (await play.message()).invocations.map(({ id }) => id)
  const [first = ''] = rest.split(/\s+/, 1)
  if (ids.includes(first)) return play.end(first, outcome(rest.slice(first.length).trim()))
  const [only, ...others] = ids
  if (only === undefined) throw usage('nothing runs that could end.')
  if (others.length > 0) throw usage(`say which: ${ids.join(', ')} run.`)
  return play.end(only, outcome(rest))
}

async function advance(t: TestRedrive, play: Playthrough, rest: string): Promise<void> {
  if (rest !== '') return t.advance(toMs(rest, 'the duration'))
  const dues = (await play.message()).timers.map(({ due }) => due)
  if (dues.length === 0) throw usage('no timer is set: say how long, as in "advance 3d".')
  return t.advance(Math.max(0, Math.min(...dues) - t.now()))
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw usage(`the output is not JSON: ${(error as SyntaxError).message}`)
  }
}

/** An object says more of an error than its message: `{"message":"busy","retryAfter":"5s"}`. */
function errorOf(text: string): Error {
  if (!text.startsWith('{')) return new Error(text === '' ? 'failed' : text)
  const { message, ...facts } = json(text) as Record<string, unknown>
  return Object.assign(new Error(typeof message === 'string' ? message : 'failed'), facts)
}
