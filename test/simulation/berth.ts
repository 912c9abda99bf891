import { Redrive, silentLogger } from '../../src/index.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import { createProcess, type SimulatedProcess } from './simulated-process.ts'
import { createWire } from './wire.ts'
import { wiredStore } from './wired-store.ts'
import type { World } from './world.ts'

/** A place in which one process follows another: when one ends, the next is started some time later. */
export interface Berth {
  /** Ends the process in an orderly way; another one takes its place. */
  replace(): void
  /** Ends it in an orderly way, and no other follows. */
  close(): void
  readonly isClosed: boolean
}

export interface Life {
  readonly process: SimulatedProcess
  readonly redrive: Redrive
}

export function openBerth(world: World, server: MemoryStore, role: string, live: (life: Life) => void): Berth {
  let count = 0
  let last = false
  let isClosed = false
  let leave = start()

  function start(): () => void {
    const process = createProcess(world, `${role}.${++count}`)
    const wire = createWire(world, process)
    process.whenEnded((killed) => {
      wire.end()
      if (last && !killed) isClosed = true
      else world.scheduler.schedule(world.between(1, 5000), follow)
    })
    world.trace(`${process.name} starts`)
    const redrive = new Redrive({ store: wiredStore(server, wire, process), logger: silentLogger })
    live({ process, redrive })
    return () => void redrive.close({ timeout: Math.floor(world.between(0, 8000)) }).then(process.exit)
  }

  function follow(): void {
    leave = start()
    if (last) leave()
  }

  return {
    replace: () => leave(),
    close() {
      last = true
      leave()
    },
    get isClosed() {
      return isClosed
    },
  }
}
