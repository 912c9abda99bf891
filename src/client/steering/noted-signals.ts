import type { EventData } from '../../message.ts'
import { toOptions } from '../../options.ts'
import type { SignalOptions, SignalResult, Signals } from '../signals.ts'
import { actorOf, checkActor, type ActorOption, type Auditor } from './audit.ts'

const SIGNAL_OPTIONS = { eventId: true, wait: true, actor: true } as const

/**
 * What people send goes into the audit under their name. What programs send, which may be thousands a second, would drown it, and goes in
 * only where they say who they are.
 */
export function createNotedSignals({ signal, redrive, release }: Signals, auditor: Auditor) {
  async function note(action: string, what: string, actor: string | undefined): Promise<void> {
    if (actor !== undefined) await auditor.note({ action, what, count: 1 }, actor)
  }

  return {
    async signal(id: string, event: EventData, given: SignalOptions & ActorOption = {}): Promise<SignalResult> {
      const { actor: _actor, ...options } = toOptions(given, 'signal()', SIGNAL_OPTIONS)
      const actor = checkActor(given)
      const result = await signal(id, event, options)
      await note('event', `${event.type} to "${id}"`, actor)
      return result
    },
    async redrive(id: string, given: SignalOptions & ActorOption = {}): Promise<SignalResult> {
      const { actor: _actor, ...options } = toOptions(given, 'redrive()', SIGNAL_OPTIONS)
      const actor = checkActor(given)
      const result = await redrive(id, options)
      await note('event', `REDRIVE to "${id}"`, actor)
      return result
    },
    async release(id: string, given: ActorOption = {}): Promise<SignalResult> {
      const actor = actorOf(given, 'release()')
      const result = await release(id)
      await note('release', `"${id}"`, actor)
      return result
    },
  }
}
