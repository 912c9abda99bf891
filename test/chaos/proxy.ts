import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Stands between clients and a server, and does to their connections what a network does. Each fault answers how often it happened. */
export interface FaultyProxy {
  readonly port: number
  /** Breaks all connections at once. */
  cut(): number
  /** Lets the next scripts of `count` connections through, and cuts in place of their replies, or in the middle of them. */
  cutReplies(count: number): Promise<number>
  /** Cuts in the middle of the next scripts of `count` connections. */
  cutRequests(count: number): Promise<number>
  /** Holds every byte up by `ms` for a while. */
  delay(ms: number, duration: number): Promise<number>
  /** Holds up what goes to replicas, which fall behind by so many milliseconds; what is held up when the server dies is lost. */
  lagReplicas(ms: number): void
  /** Nothing comes through for a while; what was sent comes then. */
  blackHole(duration: number): Promise<number>
  /** The server forgets these connections, and the clients hear nothing of it, ever. */
  halfOpen(): number
  close(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  /** Cut when the reply to a request that went through comes. */
  cutting: boolean
  dead: boolean
  replica: boolean
}

/** How long a fault waits for a request to befall. */
const PATIENCE = 1500
const PSYNC = /\r\npsync\r\n/i
const SCRIPT = /\r\neval(sha)?\r\n/i

export async function startProxy(target: () => NetConnectOpts): Promise<FaultyProxy> {
  const links = new Set<Link>()
  const armed = { replies: 0, requests: 0 }
  const happened = { replies: 0, requests: 0 }
  const late = new Map<Socket, Promise<void>>()
  let lag = 0
  let replicaLag = 0
  let shutUntil = 0
  let hole = false

  const listener = createServer((client) => {
    const server = connect(target())
    const link: Link = { client, server, cutting: false, dead: false, replica: false }
    links.add(link)
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', (data) => fromClient(link, data))
    server.on('data', (data) => fromServer(link, data))
    for (const [here, there] of [
      [client, server],
      [server, client],
    ] as const) {
      here.on('error', () => {})
      here.on('close', () => {
        if (link.dead && here === server) return
        links.delete(link)
        there.destroy()
      })
    }
    if (hole) hold(link)
    const wait = shutUntil - performance.now()
    if (wait > 0) void holdFor(link, wait)
  })

  function fromClient(link: Link, data: Buffer): void {
    if (link.dead) return
    const text = data.toString('latin1')
    if (PSYNC.test(text)) link.replica = true
    const script = SCRIPT.test(text)
    if (script && armed.requests > 0 && !link.cutting) {
      armed.requests--
      happened.requests++
      link.server.write(data.subarray(0, Math.floor(data.length / 2)), () => link.client.destroy())
      link.dead = true
      return
    }
    if (script && armed.replies > 0 && !link.cutting) {
      armed.replies--
      link.cutting = true
    }
    pass(link.server, data, lag)
  }

  function fromServer(link: Link, data: Buffer): void {
    if (link.dead) return
    if (!link.cutting) return pass(link.client, data, link.replica ? replicaLag : lag)
    happened.replies++
    link.dead = true
    // The way back is shut for a while, so that others do much before the command is sent again.
    shutUntil = performance.now() + 200 * (happened.replies % 4)
    // Now nothing of the reply, now half of it.
    const part = happened.replies % 2 === 0 ? data.subarray(0, Math.floor(data.length / 2)) : Buffer.alloc(0)
    link.client.write(part, () => {
      link.client.destroy()
      link.server.destroy()
    })
  }

  /** What is held up still comes before what follows it. */
  function pass(to: Socket, data: Buffer, lag: number): void {
    const ahead = late.get(to)
    if (lag === 0 && !ahead) return void to.write(data)
    const turn = Promise.all([ahead, sleep(lag)]).then(() => {
      if (to.writable) to.write(data)
      if (late.get(to) === turn) late.delete(to)
    })
    late.set(to, turn)
  }

  function hold({ client, server }: Link): void {
    client.pause()
    server.pause()
  }

  function resume({ client, server }: Link): void {
    client.resume()
    server.resume()
  }

  async function holdFor(link: Link, ms: number): Promise<void> {
    hold(link)
    await sleep(ms)
    if (!hole) resume(link)
  }

  async function arm(what: keyof typeof armed, count: number): Promise<number> {
    const before = happened[what]
    armed[what] = count
    for (let waited = 0; waited < PATIENCE && happened[what] < before + count; waited += 10) await sleep(10)
    armed[what] = 0
    return happened[what] - before
  }

  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (listener.address() as AddressInfo).port,
    cut() {
      const all = [...links]
      for (const { client, server } of all) {
        client.destroy()
        server.destroy()
      }
      return all.length
    },
    cutReplies: (count) => arm('replies', count),
    cutRequests: (count) => arm('requests', count),
    async delay(ms, duration) {
      lag = ms
      await sleep(duration)
      lag = 0
      return links.size
    },
    lagReplicas: (ms) => void (replicaLag = ms),
    async blackHole(duration) {
      hole = true
      const held = [...links]
      held.forEach(hold)
      await sleep(duration)
      hole = false
      links.forEach(resume)
      return held.length
    },
    halfOpen() {
      const all = [...links].filter(({ dead }) => !dead)
      for (const link of all) {
        link.dead = true
        link.server.destroy()
      }
      return all.length
    },
    close: () =>
      new Promise((resolve) => {
        for (const { client, server } of links) {
          client.destroy()
          server.destroy()
        }
        listener.close(() => resolve())
      }),
  }
}
