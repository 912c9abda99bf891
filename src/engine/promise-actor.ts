import { createActor, type AnyActorLogic, type AnyEventObject } from 'xstate'

export interface PromiseActorRun {
  readonly id: string
  readonly input: unknown
  readonly signal: AbortSignal
  /** Hears what the actor emits. */
  emitted?(event: AnyEventObject): void
}

/**
 * Runs promise logic of a machine (`fromPromise`) to its end, as XState would: it gets `input`, `signal`, `self`, `system` and `emit`.
 * It is an actor of its own, outside of the machine: that one hears of the result by an event, in its next durable step.
 */
export function runPromiseActor(
  logic: AnyActorLogic,
  { id, input, signal, emitted }: PromiseActorRun,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const actor = createActor(logic, { id, input })
    // A stopped actor never completes; whoever waits for it must hear of it all the same.
    const stop = (): void => {
      actor.stop()
      reject(signal.reason as Error)
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    if (emitted) actor.on('*', emitted)
    actor.subscribe({
      complete() {
        signal.removeEventListener('abort', stop)
        resolve((actor.getSnapshot() as { output?: unknown }).output)
      },
      error(error) {
        signal.removeEventListener('abort', stop)
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it was thrown
        reject(error)
      },
    })
    actor.start()
  })
}
