import type { Redrive } from '../client/redrive.ts'
import { asError } from '../errors.ts'
import { defineQueues } from './module.ts'
import { newClient, type Session } from './session.ts'

/** The dashboard beside the workers of `redrive dev`. */
export interface DevDashboard {
  stop(): Promise<void>
}

/**
 * On a client of its own, in which the module defines its queues: the one that watches opens queues by their names alone, and knows
 * nothing of their machines.
 */
export async function dashboardOn(session: Session, address: string, module: string): Promise<DevDashboard> {
  const redrive = newClient(session, { redis: address })
  const close = (): Promise<void> => redrive.close({ timeout: 0 })
  try {
    await defineQueues(redrive, module)
  } catch (error) {
    // The workers tell of it too; whoever mends the module starts anew.
    session.output.note(`no dashboard: ${asError(error).message}`)
    await close()
    return { stop: async () => {} }
  }
  const { stop } = await dashboardOf(session, redrive)
  return {
    async stop() {
      await stop()
      await close()
    },
  }
}

/** On a client whose queues are open already. */
export async function dashboardOf({ output }: Session, redrive: Redrive): Promise<DevDashboard> {
  // Loaded when asked for: no other verb serves pages.
  const { startDashboard } = await import('../dashboard/server/standalone.ts')
  const { link, close } = await startDashboard(redrive, { anyPort: true })
  output.note(`dashboard ${link}`)
  return { stop: close }
}
