import { createHash } from 'node:crypto'
import type { AnyStateMachine, StateValue } from 'xstate'
import { stateName } from '../../../engine/state-name.ts'
import { asError, RedriveError } from '../../../errors.ts'
import { toChart } from '../../../inspect/chart/chart.ts'
import { layOut } from '../../../inspect/chart/layout.ts'
import { createPlaceAside } from '../../../inspect/chart/place-aside.ts'
import { givenMachine } from '../../../inspect/wire/given-definition.ts'
import type { SourceChart } from '../../shapes/inspect.ts'
import { badRequest } from '../failure.ts'

/** The machines of actors that run elsewhere, by a fingerprint of the definition that was sent. */
export interface SourceCharts {
  /** Returns the fingerprint. */
  keep(definition: string): string
  /** Whether there is a machine in it. */
  machine(fingerprint: string): AnyStateMachine | undefined
  /** The name of a state, where the machine has it. */
  state(fingerprint: string | undefined, value: unknown): string | undefined
  /** @throws RedriveError `E_NOT_FOUND`; `E_INVALID_REQUEST` for one that cannot be drawn */
  chart(fingerprint: string): Promise<SourceChart>
}

/** Definitions that are kept, with their pictures. */
const KEPT = 50
/** Milliseconds for one picture. */
const PATIENCE = 10_000

interface Kept {
  readonly machine: AnyStateMachine | undefined
  /** Why there is none. */
  readonly fault?: Error
  chart?: Promise<SourceChart>
}

export function createSourceCharts(): SourceCharts {
  const kept = new Map<string, Kept>()
  const placeAside = createPlaceAside(PATIENCE)

  async function draw({ machine, fault }: Kept): Promise<SourceChart> {
    if (!machine) throw badRequest(fault?.message ?? 'the definition is no machine.')
    const layout = await layOut(toChart(machine), placeAside).catch((error: unknown) => {
      throw badRequest(asError(error).message)
    })
    return { id: machine.id, layout }
  }

  return {
    keep(definition) {
      const fingerprint = createHash('sha256').update(definition).digest('hex').slice(0, 16)
      const known = kept.get(fingerprint) ?? read(definition)
      kept.delete(fingerprint)
      kept.set(fingerprint, known)
      if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? '')
      return fingerprint
    },
    machine: (fingerprint) => kept.get(fingerprint)?.machine,
    state(fingerprint, value) {
      const machine = fingerprint === undefined ? undefined : kept.get(fingerprint)?.machine
      try {
        return (
          machine && stateName(machine.resolveState({ value: value as StateValue, context: {} }).value as StateValue)
        )
      } catch {
        return undefined
      }
    },
    async chart(fingerprint) {
      const found = kept.get(fingerprint)
      if (!found) throw new RedriveError('E_NOT_FOUND', 'no actor has sent this definition, or it is kept no more.')
      found.chart ??= draw(found)
      return found.chart
    },
  }
}

function read(definition: string): Kept {
  try {
    return { machine: givenMachine(definition) }
  } catch (error) {
    return { machine: undefined, fault: asError(error) }
  }
}
