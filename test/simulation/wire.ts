import { RedriveError } from '../../src/errors.ts'
import { DEFAULTS } from '../../src/options.ts'
import { never, type SimulatedProcess } from './simulated-process.ts'
import type { World } from './world.ts'

/**
 * The connection of one process to the server, as ioredis keeps it: commands arrive in the order in which they were sent; when the
 * connection breaks, all that were not answered are sent again, in order, on the next one, also those whose caller has given up.
 */
export interface Wire {
  call<T>(name: string, carryOut: () => Promise<T>): Promise<T>
  /** Lets an announcement arrive, if the connection holds and it is not lost. */
  announce(hear: () => void): void
  cut(): void
  /** It is over: what is on the way may arrive, and is not answered. */
  end(): void
}

interface Command {
  readonly name: string
  readonly carryOut: () => Promise<unknown>
  readonly answer: (reply: Promise<unknown>) => void
  sent: number
  arrived: boolean
}

export function createWire(world: World, process: SimulatedProcess): Wire {
  const { scheduler } = world
  const basic = world.between(0.05, 4)
  let unanswered: Command[] = []
  /** Number of the connection; what belongs to an earlier one does not arrive. */
  let connection = 0
  let connected = true
  let ended = false
  let lastArrival = 0
  let lastReply = 0

  const travel = (): number => (world.strikes('delay') ? world.between(50, 3000) : basic * world.between(0.5, 1.5))
  const isAway = (): boolean => scheduler.now < world.awayUntil

  function send(command: Command): void {
    const current = connection
    if (++command.sent > 1) world.count('duplicate')
    lastArrival = Math.max(lastArrival + 0.001, scheduler.now + travel())
    scheduler.schedule(lastArrival - scheduler.now, () => {
      if (current === connection) arrive(command)
    })
  }

  function arrive(command: Command): void {
    if (isAway() || (!ended && world.strikes('cutBefore'))) return cut()
    if (!ended && world.strikes('refuse')) {
      const refusal = new RedriveError('E_REDIS_UNAVAILABLE', `${command.name} was refused.`)
      return reply(command, Promise.reject(refusal))
    }
    const answer = command.carryOut()
    if (command.arrived) world.trace(`${process.name} ${command.name} again`)
    command.arrived = true
    if (ended) return void answer.catch(() => {})
    reply(command, answer)
    if (world.strikes('cutAfter')) cut()
  }

  function reply(command: Command, answer: Promise<unknown>): void {
    const current = connection
    answer.catch(() => {})
    lastReply = Math.max(lastReply + 0.001, scheduler.now + travel())
    scheduler.schedule(lastReply - scheduler.now, () => {
      if (current !== connection || ended) return
      unanswered = unanswered.filter((other) => other !== command)
      process.resume(() => command.answer(answer))
    })
  }

  function cut(): void {
    if (!connected || ended) return
    connected = false
    connection++
    world.trace(`${process.name} loses its connection`)
    scheduler.schedule(world.between(1, 2000), reconnect)
  }

  function reconnect(): void {
    if (ended) return
    if (isAway()) {
      scheduler.schedule(world.awayUntil - scheduler.now + world.between(1, 2000), reconnect)
      return
    }
    connected = true
    lastArrival = 0
    lastReply = 0
    for (const command of unanswered) send(command)
  }

  return {
    call(name, carryOut) {
      if (process.comesToDie()) return never()
      return new Promise((resolve, reject) => {
        const late = (): void => {
          world.count('deadline')
          const ms = DEFAULTS.commandTimeout
          reject(new RedriveError('E_REDIS_UNAVAILABLE', `${name} did not answer within ${ms} ms.`))
        }
        const cancel = process.clock.after(DEFAULTS.commandTimeout, late)
        const answer = (reply: Promise<unknown>): void => {
          cancel()
          resolve(reply as ReturnType<typeof carryOut>)
        }
        const command = { name, carryOut, answer, sent: 0, arrived: false }
        unanswered.push(command)
        if (connected) send(command)
        if (process.comesToDie()) cancel()
      })
    },
    announce(hear) {
      if (!connected || ended || world.strikes('silence')) return
      const current = connection
      scheduler.schedule(travel(), () => {
        if (current === connection && !ended) process.resume(hear)
      })
    },
    cut,
    end() {
      ended = true
      // What lies in the buffers of a dead process is sent or is not.
      if (world.chance() < 0.5) connection++
    },
  }
}
