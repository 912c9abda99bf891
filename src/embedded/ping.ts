import { type NetConnectOpts, connect } from 'node:net'

/** `loading`: it is up, and still reading its files. `silent`: nobody listens, or nobody answers in time. */
export type Answer = 'ready' | 'loading' | 'silent'

/** One PING over a connection of its own. An error such as NOAUTH is an answer too: the server is there. */
export function ping(address: NetConnectOpts, patienceMs = 1000): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(address)
    const settle = (answer: Answer): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(patienceMs, () => settle('silent'))
    socket.on('error', () => settle('silent'))
    socket.on('close', () => settle('silent'))
    socket.on('data', (reply) => settle(reply.toString().startsWith('-LOADING') ? 'loading' : 'ready'))
    socket.write('PING\r\n')
  })
}
