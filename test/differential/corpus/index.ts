import { charts } from '../../engine/charts/index.ts'
import type { Part } from '../play.ts'
import * as actors from './actors.ts'
import * as commerce from './commerce.ts'
import * as devices from './devices.ts'
import * as endings from './endings.ts'
import * as memories from './memories.ts'
import * as people from './people.ts'
import * as raising from './raising.ts'
import * as regions from './regions.ts'
import * as times from './times.ts'
import * as transitions from './transitions.ts'
import type { AnyStateMachine } from 'xstate'

const themes = {
  ...regions,
  ...memories,
  ...transitions,
  ...endings,
  ...times,
  ...raising,
  ...actors,
  ...commerce,
  ...people,
  ...devices,
}

/** What is special about some of them; why, says `docs/reference/xstate-differences.md`. */
const special: Readonly<Record<string, Partial<Part>>> = {
  letters: { alone: true, known: { timers: true } },
  reminders: { known: { timers: true } },
  actions: { alone: true, known: { timers: true, sends: true } },
  'raised events': { known: { timers: true } },
}

const parts = Object.entries<unknown>(themes).map(([name, machine]) => ({ name, machine: machine as AnyStateMachine }))

/** Every machine by hand. */
export const corpus: readonly Part[] = [...parts, ...charts].map((part) => ({ ...part, ...special[part.name] }))
