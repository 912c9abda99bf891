import { DEFAULTS } from '../options.ts'
import type { DurableMachine } from './registry.ts'

/** What is done about an invocation whose worker was lost: it is run again, or its machine hears of it as its error. */
export type LeaseLost = 'rerun' | 'error'

/** What a queue says about lost leases. */
export interface LeaseSettings {
  /** How often an invocation or action is run again whose worker was lost. */
  readonly maxLeasesLost: number
  /** For all handlers, or by the name of each. What is not said is what the machine says, else `rerun`. */
  readonly leaseLost?: LeaseLost | Readonly<Record<string, LeaseLost>> | undefined
}

/** How many workers may be lost with a source of a machine before that machine hears of it; without a source, with an action. */
export type LeasePolicy = (machine: DurableMachine, src?: string) => number

export function createLeasePolicy({ maxLeasesLost, leaseLost }: LeaseSettings): LeasePolicy {
  return (machine, src) => (src !== undefined && leaseLostOf(machine, src, leaseLost) === 'error' ? 0 : maxLeasesLost)
}

/** What the queue says of the source, then what the machine that invokes it says. */
export function leaseLostOf(machine: DurableMachine, src: string, said: LeaseSettings['leaseLost']): LeaseLost {
  if (typeof said === 'string') return said
  return (said && givenFor(machine.sources, said, src)) ?? saidBy(machine, src) ?? 'rerun'
}

/** What a queue is given for a source: by its whole name, `payment/charge`, or by its own where the root has no source of that name. */
export function givenFor<T>(
  sources: readonly string[],
  given: Readonly<Record<string, T>>,
  src: string,
): T | undefined {
  return given[src] ?? (sources.includes(bareName(src)) ? undefined : given[bareName(src)])
}

/** The name of a source without the machines above it. */
export const bareName = (src: string): string => src.slice(src.lastIndexOf('/') + 1)

/** A machine that counts lost leases by itself says so: `meta: { redrive: { leaseLost: 'error' } }`. */
function saidBy({ members }: DurableMachine, src: string): LeaseLost | undefined {
  const key = src.slice(0, Math.max(0, src.lastIndexOf('/')))
  const meta = members.find((member) => member.key === key)?.machine.config.meta as
    | { readonly redrive?: { readonly leaseLost?: unknown } }
    | undefined
  return meta?.redrive?.leaseLost === 'error' ? 'error' : undefined
}

/** That of who says nothing. */
export const defaultLeases: LeasePolicy = createLeasePolicy({ maxLeasesLost: DEFAULTS.maxLeasesLost })
