import {
  bareName,
  createLeasePolicy,
  leaseLostOf,
  type LeaseLost,
  type LeasePolicy,
  type LeaseSettings,
} from '../engine/lease-policy.ts'
import type { DurableMachine } from '../engine/registry.ts'
import { nearest, RedriveError } from '../errors.ts'
import { DEFAULTS, show, toInteger } from '../options.ts'

/** What a queue with a machine of its own says about workers that are lost while they run its handlers. */
export interface LeaseOptions {
  /**
   * How often an invocation is run again because its worker was lost, before the machine hears `E_LEASE_LOST` as its error; custom actions
   * likewise, before their message goes into quarantine. Default 3; bounds 0–1,000, and `Infinity`. The default machine has its own, in `retry`.
   *
   * @example { machine, maxLeasesLost: 10 }
   */
  readonly maxLeasesLost?: number
  /**
   * `'rerun'`: an invocation whose worker was lost is run again, at most `maxLeasesLost` times. `'error'`: the machine hears
   * `E_LEASE_LOST` at once. For all handlers, or by the name of each. Default: `'rerun'`, where the machine itself does not say otherwise by
   * `meta: { redrive: { leaseLost: 'error' } }`.
   *
   * @example { machine, leaseLost: { charge: 'error' } }
   */
  readonly leaseLost?: LeaseLost | Readonly<Record<string, LeaseLost>>
}

const WAYS: readonly string[] = ['rerun', 'error']

/**
 * @param machines the versions of the queue's machine
 * @param own whether it is a machine of the user's
 * @throws RedriveError `E_INVALID_OPTION`
 */
export function leasePolicy(options: LeaseOptions, machines: readonly DurableMachine[], own: boolean): LeasePolicy {
  if (!own) refuseForDefault(options)
  const { maxLeasesLost: most = DEFAULTS.maxLeasesLost, leaseLost } = options
  if (leaseLost !== undefined) checkLeaseLost(leaseLost, machines)
  const settings: LeaseSettings = {
    maxLeasesLost: most === Infinity ? most : toInteger(most, 'maxLeasesLost', { max: 1000 }),
    leaseLost,
  }
  if (options.maxLeasesLost !== undefined) checkIsHeard(settings, machines)
  return createLeasePolicy(settings)
}

function refuseForDefault({ maxLeasesLost, leaseLost }: LeaseOptions): void {
  if (maxLeasesLost !== undefined)
    throw invalid(
      'maxLeasesLost',
      'maxLeasesLost belongs to a machine of your own; for the default machine it is retry: { maxLeasesLost }.',
    )
  if (leaseLost !== undefined)
    throw invalid(
      'leaseLost',
      'leaseLost belongs to a machine of your own; the default machine starts such an attempt again, as retry: { maxLeasesLost } says.',
    )
}

function checkLeaseLost(given: unknown, machines: readonly DurableMachine[]): void {
  if (typeof given === 'string' && WAYS.includes(given)) return
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid('leaseLost', `leaseLost must be ${wayFor(given)}, or { handler: "error" }; got ${show(given)}.`)
  const sources = [...new Set(machines.flatMap((machine) => machine.sources))]
  for (const [name, way] of Object.entries(given)) {
    const path = `leaseLost.${name}`
    if (!sources.some((src) => src === name || bareName(src) === name)) {
      const near = nearest(name, sources)
      const told = near === undefined ? `It invokes: ${sources.join(', ') || 'nothing'}.` : `Did you mean "${near}"?`
      throw invalid(path, `leaseLost names "${name}", which ${machines.at(-1)!.id} does not invoke. ${told}`)
    }
    if (typeof way !== 'string' || !WAYS.includes(way))
      throw invalid(path, `${path} must be ${wayFor(way)}; got ${show(way)}.`)
  }
}

function wayFor(given: unknown): string {
  const near = typeof given === 'string' ? nearest(given, WAYS) : undefined
  return near === undefined ? '"rerun" or "error"' : `"rerun" or "error" (did you mean "${near}"?)`
}

/** A number that no handler goes by would do nothing, without a word. */
function checkIsHeard({ leaseLost }: LeaseSettings, machines: readonly DurableMachine[]): void {
  const all = machines.flatMap((machine) => machine.sources.map((src) => leaseLostOf(machine, src, leaseLost)))
  if (all.length === 0 || all.includes('rerun')) return
  const says = leaseLost === undefined ? 'the machine says' : 'leaseLost says'
  throw invalid(
    'maxLeasesLost',
    `maxLeasesLost does nothing here: ${says} "error" for all handlers, so none is run again. Leave it out, or say leaseLost: "rerun".`,
  )
}

const invalid = (path: string, message: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })
