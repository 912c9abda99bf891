import type { Disk } from '../../src/client/outbox/disk.ts'
import { never, type SimulatedProcess } from './simulated-process.ts'
import type { World } from './world.ts'

/** A disk that outlives the processes which use it, one after the other. */
export interface SimulatedDisk {
  /** For one process, as if it were the only one that has the directory. */
  open(process: SimulatedProcess): Disk
  readonly isEmpty: boolean
}

/** A change, and whether its caller was promised that it stays. */
interface Change {
  readonly what: string
  readonly synced: boolean
  apply(rows: Map<string, string>): void
}

/** A disk with a fault; see `mutants.ts`. */
export type BreakDisk = (disk: Disk, world: World) => Disk

/**
 * What is written is there for all that read it, and stays when its process dies. When the machine dies too, all that came after the last
 * synced change is lost, from some point on: the log of such a disk is one file.
 */
export function createDisk(world: World, breakDisk: BreakDisk = (disk) => disk): SimulatedDisk {
  const log: Change[] = []
  let safe = 0
  let rows = new Map<string, string>()

  function change(next: Change): void {
    log.push(next)
    next.apply(rows)
    if (next.synced) safe = log.length
    world.trace(`disk ${next.what}`)
  }

  /** The machine dies with its process, or does not. */
  function crash(): void {
    if (world.chance() < 0.5) safe = log.length = Math.floor(world.between(safe, log.length + 1))
    rows = new Map()
    for (const each of log) each.apply(rows)
    world.trace(`disk has ${[...rows.keys()].toSorted().join(' ')}`)
  }

  function open(process: SimulatedProcess): Disk {
    let unfinished: Change[] = []
    process.whenEnded((killed) => {
      // What was handed over may have come to the disk, in its order.
      for (const each of unfinished.slice(0, Math.floor(world.between(0, unfinished.length + 1)))) change(each)
      unfinished = []
      if (killed) crash()
    })
    const soon = (): number => world.between(0.05, world.chance() < 0.1 ? 200 : 5)

    function make(next: Change): Promise<void> {
      if (process.comesToDie()) return never()
      unfinished.push(next)
      return new Promise((resolve) => {
        world.scheduler.schedule(soon(), () => {
          // One after the other, however long each takes.
          while (unfinished.includes(next)) change(unfinished.shift()!)
          process.resume(resolve)
        })
      })
    }

    return {
      async *rows(limit = Infinity, after = '') {
        await process.sleep(soon())
        const behind = [...rows].filter(([key]) => key > after)
        yield* behind.toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit)
      },
      write: (key, text) => make({ what: `writes ${key}`, synced: true, apply: (all) => void all.set(key, text) }),
      remove: (keys) =>
        make({
          what: `removes ${keys.join(' ')}`,
          synced: false,
          apply: (all) => keys.forEach((key) => all.delete(key)),
        }),
      close: async () => {},
    }
  }

  return {
    open: (process) => breakDisk(open(process), world),
    get isEmpty() {
      return rows.size === 0
    },
  }
}
