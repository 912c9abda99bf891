import { stoppedBy, type Interruption, type StopReason } from './interruption.ts'

/** Something that runs until it is told to stop. */
export interface Service {
  /** Ends in good order, and at once when it is called again. */
  stop(): Promise<unknown>
  /** Settles with an exit code when it ends by itself. */
  readonly ended?: Promise<number>
}

const NEVER = new Promise<never>(() => {})

/**
 * Runs a service. The first signal stops it, a second one hurries it, a third one leaves everything as it is.
 * `told` is called with the first.
 */
export async function serve(
  interruption: Interruption,
  start: () => Promise<Service>,
  told = (): void => {},
): Promise<number> {
  let service: Service | undefined
  let why: StopReason | undefined
  let release = (): void => {}
  const asked = new Promise<StopReason>((resolve) => {
    release = interruption.take((reason, count) => {
      why ??= reason
      if (count > 2) process.exit(stoppedBy(why))
      if (count === 1) told()
      if (count === 2) void service?.stop()
      resolve(why)
    })
  })
  try {
    service = await start()
    const end = await Promise.race([asked, service.ended ?? NEVER])
    if (typeof end === 'number') return end
    await service.stop()
    return stoppedBy(end)
  } finally {
    release()
  }
}
