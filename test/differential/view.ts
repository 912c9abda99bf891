import type { AnyMachineSnapshot } from 'xstate'
import type { LiveMessage } from '../../src/engine/snapshot.ts'
import { inDocumentOrder } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { comparable } from '../engine/twin.ts'

export interface TimerView {
  /** `undefined` for one that the machine gave no id. */
  readonly id: string | undefined
  readonly event: EventData
  /** Milliseconds of virtual time. */
  readonly left: number
}

export interface ChildView {
  readonly id: string
  readonly src: string
  readonly input: unknown
}

/** All that the outside can know of a machine at rest. */
export type View = Readonly<Record<string, unknown>>

export function viewOf(
  snapshot: AnyMachineSnapshot,
  timers: readonly TimerView[],
  children: readonly ChildView[],
): View {
  const { status, output } = snapshot
  return {
    // As text, because the order of the regions counts. A machine that ended in an error is nowhere any more.
    value: status === 'error' ? undefined : JSON.stringify(inDocumentOrder(snapshot).value),
    tags: status === 'error' ? [] : [...snapshot.tags].toSorted(),
    meta: status === 'error' ? {} : snapshot.getMeta(),
    context: comparable(snapshot.context),
    status,
    output: comparable(output),
    error: comparable(snapshot.error),
    history: Object.entries(snapshot.historyValue)
      .map(([id, nodes]) => [id, nodes.map((node) => node.id).toSorted()] as const)
      .toSorted(byText(([id]) => id)),
    timers: timers
      .toSorted(byText(({ left, id, event }) => `${left} ${id} ${event.type} ${String(event['value'])}`))
      .map(({ id, event, left }) => ({ id, event: comparable(event), left })),
    children: children
      .map(({ id, src, input }) => ({ id, src, input: comparable(input) }))
      .toSorted(byText(({ id }) => id)),
  }
}

const byText =
  <T>(text: (each: T) => string) =>
  (a: T, b: T): number =>
    text(a) < text(b) ? -1 : 1

/** The same of a message that was read from the store; its timers count on virtual time, from `now`. */
export const viewOfMessage = ({ snapshot, timers, invocations }: LiveMessage, now: number): View =>
  viewOf(
    snapshot,
    [...timers.values()].map(({ id, nonce, event, due = NaN }) => ({
      id: id === nonce ? undefined : id,
      event,
      left: due - now,
    })),
    [...invocations.values()],
  )

/** What the steps told the world, in its order. */
export interface Told {
  readonly emitted: EventData[]
  readonly logs: unknown[]
  readonly actions: { readonly name: string; readonly params: unknown }[]
}

export const nothingTold = (): Told => ({ emitted: [], logs: [], actions: [] })

/** Custom actions without a name go by their place in the one, and by nothing in the other. */
export const INLINE = '(inline)'
