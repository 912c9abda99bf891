import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Redrive } from '../../client/redrive.ts'
import { asError, RedriveError } from '../../errors.ts'
import { isLoopbackHost } from './access/neighbour.ts'
import { dashboard } from './dashboard.ts'
import type { DashboardOptions } from './dashboard-options.ts'

export interface StandaloneOptions extends DashboardOptions {
  /** Default `127.0.0.1`. Any other than this machine's own wants a token; without one, one is made. */
  readonly host?: string | undefined
  /** Default 4747; 0 takes any that is free. */
  readonly port?: number | undefined
  /** Takes any free port where the wanted one is taken. Default false. */
  readonly anyPort?: boolean
}

/** A server of its own for the dashboard. */
export interface Standalone {
  /** To be opened in a browser. It holds the token, behind the `#`, which browsers send nowhere. */
  readonly link: string
  close(): Promise<void>
}

const DEFAULT_PORT = 4747

/** @throws RedriveError `E_INVALID_OPTION`, also for a port that is taken */
export async function startDashboard(redrive: Redrive, options: StandaloneOptions = {}): Promise<Standalone> {
  const { host = '127.0.0.1', port = DEFAULT_PORT, anyPort = false, ...rest } = options
  const token = rest.token ?? (isLoopbackHost(host) ? undefined : randomBytes(24).toString('base64url'))
  const { node, upgrade } = dashboard(redrive, { ...rest, token, basePath: '/' })
  const server = createServer((request, response) => void node(request, response))
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    void upgrade(request, socket, head)
  })
  await listen(server, host, port).catch(async (error: unknown) => {
    if (!isTaken(error) || !anyPort) throw cannotListen(error, host, port)
    await listen(server, host, 0)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    link: `http://${nameOf(host)}:${bound}/${token === undefined ? '' : `#token=${token}`}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Streams that go on for ever would keep it open.
      server.closeAllConnections()
      for (const socket of upgraded) socket.destroy()
      await closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRINUSE'

function cannotListen(error: unknown, host: string, port: number): RedriveError {
  const why = isTaken(error) ? 'another program listens there; choose another port' : asError(error).message
  return new RedriveError('E_INVALID_OPTION', `the dashboard cannot listen at ${host}:${port}: ${why}.`, {
    path: 'port',
    cause: error,
  })
}

/** A name for the link: nobody can open the address that stands for all of them. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
