import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly url: string
  /** Lets the next request through to the server, and cuts the connection in place of its reply. */
  cutNextReply(): void
  /** Answers the next command of a name in place of the server, which never sees it. */
  refuseNext(command: string, reply: string): void
  /** Whether `refuseNext` has had its command. */
  readonly refused: boolean
  /** How many connections were cut so far. */
  readonly cuts: number
  stop(): Promise<void>
}

/** Stands between a client and a server, and loses replies: the client cannot know whether its command was run. */
export async function startCuttingProxy(socketPath: string): Promise<CuttingProxy> {
  const open = new Set<Socket>()
  let armed = false
  let cuts = 0
  let refusal: { readonly command: string; readonly reply: string } | undefined
  const proxy = createServer((client) => {
    const server = connect(socketPath)
    open.add(client).add(server)
    let cutting = false
    client.on('data', (data) => {
      if (refusal && data.toString('latin1').toLowerCase().includes(`\r\n${refusal.command}\r\n`)) {
        client.write(`-${refusal.reply}\r\n`)
        refusal = undefined
        return
      }
      if (armed) {
        armed = false
        cutting = true
      }
      server.write(data)
    })
    server.on('data', (data) => {
      if (!cutting) return void client.write(data)
      cuts++
      client.destroy()
    })
    for (const [here, there] of [
      [client, server],
      [server, client],
    ] as const) {
      here.on('error', () => {})
      here.on('close', () => there.destroy())
    }
  })
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cutNextReply: () => {
      armed = true
    },
    refuseNext(command, reply) {
      refusal = { command, reply }
    },
    get refused() {
      return refusal === undefined
    },
    get cuts() {
      return cuts
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy()
        proxy.close(() => resolve())
      }),
  }
}
