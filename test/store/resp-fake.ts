import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface FakeServer {
  readonly port: number
  /** The first bytes that came, before anything was answered. */
  readonly received: string[]
  stop(): Promise<void>
}

/**
 * A server of another version: it answers INFO with the given lines, and all else with OK. Every other test of the store talks to a
 * real server; but a check of versions needs old ones, and forks, and none of them is at hand.
 */
export function startFake(info: string | undefined): Promise<FakeServer> {
  const received: string[] = []
  return listen((socket) => {
    socket.on('data', (data) => {
      const text = data.toString('latin1')
      received.push(text)
      if (info === undefined) return
      for (const [, name] of text.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(name!.toLowerCase() === 'info' ? `$${Buffer.byteLength(info)}\r\n${info}\r\n` : '+OK\r\n')
      }
    })
  }, received)
}

async function listen(onSocket: (socket: Socket) => void, received: string[]): Promise<FakeServer> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    received,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
