import type { Interruption, StopReason } from './interruption.ts'
import type { Terminal } from './terminal.ts'

/** What a pool tells its worker processes, and what they tell it. */
export const STOP = 'stop'
export const READY = 'ready'
/** In the environment of a process that belongs to a pool. */
export const CHILD_MARK = 'REDRIVE_WORKER_CHILD'

/** A process that was started by a handler inherits the mark, but has no parent to talk to. */
export const isPoolMember = (env: Terminal['env']): boolean => env[CHILD_MARK] === '1' && process.send !== undefined

/** A parent that has gone meanwhile is heard of by `disconnect`. */
export const tellReady = (): void => void process.send?.(READY, undefined, undefined, () => {})

/**
 * How a process of a pool is stopped: by an order, or because its parent is gone. A Ctrl-C reaches every process of the group at once,
 * and the parent orders what is to follow; a SIGTERM may come from both, and must not count as two.
 */
export function poolMemberInterruption(own: Interruption): Interruption {
  return {
    interrupt: own.interrupt,
    take(listener) {
      let [orders, asked] = [0, 0]
      const ask = (reason: StopReason, count: number): void => {
        if (count <= asked) return
        asked = count
        listener(reason, count)
      }
      const release = own.take((reason) => {
        if (reason !== 'SIGINT') ask(reason, 1)
      })
      const onMessage = (message: unknown): void => {
        if (message === STOP) ask('SIGTERM', ++orders)
      }
      const onDisconnect = (): void => ask('disconnect', 1)
      process.on('message', onMessage).once('disconnect', onDisconnect)
      // A parent that went while this process was still loading is not told of any more.
      if (!process.connected) onDisconnect()
      return () => {
        release()
        process.off('message', onMessage).off('disconnect', onDisconnect)
      }
    },
  }
}
