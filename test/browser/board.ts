import type { Redrive } from '../../src/index.ts'
import type { DashboardOptions } from '../../src/dashboard/index.ts'
import { openStage, type Stage } from '../dashboard/stage.ts'
import { onRedis, type TestBackend } from '../support/backends.ts'
import { openBrowser, type TestBrowser } from './browser.ts'

/** A real Redis, a client of it, its dashboard over HTTP, and a browser to look at it. */
export interface Board {
  readonly backend: Awaited<ReturnType<typeof onRedis>>
  readonly redrive: Redrive
  readonly browser: TestBrowser
  /** The address of a page: `at('q/emails')`. */
  at(page: string): string
  close(): Promise<void>
}

export async function openBoard(options: DashboardOptions = {}): Promise<Board> {
  const backend = await onRedis()
  const opened: { stop?: TestBackend['stop']; stage?: Stage; browser?: TestBrowser } = { stop: backend.stop }
  const close = async (): Promise<void> => {
    await opened.browser?.close()
    await opened.stage?.close()
    await opened.stop?.()
  }
  try {
    const redrive = backend.open()
    const stage = await openStage(redrive, options)
    opened.stage = stage
    const browser = await openBrowser()
    opened.browser = browser
    return { backend, redrive, browser, at: (page) => `${stage.url}#/${page}`, close }
  } catch (error) {
    await close()
    throw error
  }
}
