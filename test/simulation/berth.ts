import { Redrive, silentLogger, type RedriveOptions } from '../../src/index.ts'
import type { Disk } from '../../src/client/outbox/disk.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import type { SimulatedDisk } from './disk.ts'
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

/** @param disk where its processes have their outbox, if they have one. */
export function openBerth(
  world: World,
  server: MemoryStore,
  role: string,
  live: (life: Life) => void,
  disk?: SimulatedDisk,
): Berth {
  const patience = Math.floor(world.between(10, 3000))
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
    const options = { store: wiredStore(server, wire, process), logger: silentLogger }
    const redrive = disk ? withDisk(disk.open(process), { ...options, patience }) : new Redrive(options)
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

function withDisk(disk: Disk, { patience, ...options }: RedriveOptions & { readonly patience: number }): Redrive {
  return new (class extends Redrive {
    protected override async openDisk(): Promise<Disk> {
      return disk
    }
  })({ ...options, outbox: { directory: 'simulated', patience } })
}
