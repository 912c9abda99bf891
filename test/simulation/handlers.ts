import { NonRetryableError, RetryableError, SnoozeError } from '../../machines/index.ts'
import type { HandlerContext, Handlers } from '../../src/worker/handlers.ts'
import type { Executions } from './executions.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { World } from './world.ts'

/** Handlers that take their time, report, prolong their lease, and end in all the ways in which a handler can. */
export function createHandlers(
  world: World,
  process: SimulatedProcess,
  executions: Executions,
  sources: readonly string[],
): Handlers {
  return Object.fromEntries(
    sources.map((src) => [
      src,
      async (_input: unknown, context: HandlerContext) => {
        const { queue, id } = context.message
        executions.began(context, src)
        try {
          await work(world, process, context)
          const output = result(world, id)
          executions.ended(queue, id, { invocation: src, output })
          return output
        } catch (error) {
          executions.ended(queue, id, { invocation: src, error })
          throw error
        }
      },
    ]),
  )
}

async function work(world: World, process: SimulatedProcess, { signal, progress, heartbeat }: HandlerContext) {
  const heeds = world.chance() < 0.7
  const pieces = Math.floor(world.between(0, 4))
  for (let i = 0; i < pieces; i++) {
    await process.sleep(world.chance() < 0.1 ? world.between(1000, 7000) : world.between(1, 400))
    if (heeds) signal.throwIfAborted()
    if (world.chance() < 0.1) progress({ piece: i })
    if (world.chance() < 0.05) await heartbeat('3s')
  }
}

function result(world: World, id: string): string {
  const lot = world.chance()
  if (lot < 0.08) throw new RetryableError('busy', { retryAfter: Math.floor(world.between(1, 3000)) })
  if (lot < 0.12) throw new SnoozeError(Math.floor(world.between(1, 2000)))
  if (lot < 0.15) throw new NonRetryableError('never')
  if (lot < 0.3) throw new Error('again')
  return `${id} is done ${Math.floor(world.between(0, 1000))}`
}
