import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketReceiver } from '@statelyai/inspect'
import { assign, createMachine, fromPromise, setup } from 'xstate'
import { WebSocket } from 'ws'
import { dashboard, type DashboardOptions } from '../../../src/dashboard/index.ts'
import type { Redrive } from '../../../src/index.ts'
import { until } from '../../support/backends.ts'

/** For the compiler only. */
const types = {} as { context: { total: number; card: string; by?: string }; input: { total: number; card: string } }

const payment = setup({ types, actors: { charge: fromPromise(async () => {}) } }).createMachine({
  id: 'payment',
  context: ({ input }) => input,
  initial: 'charging',
  states: {
    charging: {
      invoke: { id: 'charge', src: 'charge', input: ({ context }) => context, onDone: 'charged', onError: 'waiting' },
    },
    waiting: { after: { 100: 'charging' } },
    charged: { type: 'final' },
  },
})

/** Nested, parallel, timed, guarded, and with a machine within. */
export const order = setup({
  types,
  actors: { payment },
  guards: { isRich: ({ context }) => context.total > 100 },
  delays: { patience: 86_400_000 },
}).createMachine({
  id: 'order',
  context: ({ input }) => input,
  initial: 'review',
  states: {
    review: {
      initial: 'waiting',
      states: { waiting: { on: { LOOK: 'looking' } }, looking: {} },
      on: {
        APPROVE: { target: 'work', guard: () => true, actions: assign({ by: 'ada' }) },
        GIFT: { target: 'done', guard: 'isRich' },
      },
      after: { patience: 'done' },
    },
    work: {
      type: 'parallel',
      states: {
        paying: {
          initial: 'busy',
          states: {
            busy: { invoke: { id: 'pay', src: 'payment', input: ({ context }) => context, onDone: 'paid' } },
            paid: { type: 'final' },
          },
        },
        packing: { initial: 'open', states: { open: { on: { PACKED: 'shut' } }, shut: { type: 'final' } } },
      },
      onDone: 'done',
    },
    done: { type: 'final' },
  },
})

// oxlint-disable-next-line typescript/no-explicit-any -- whatever comes over the wire; the test knows what to expect
export type Said = any

/** An official client, and what it has received. */
export interface Client {
  readonly said: Said[]
  of(type: 'actor' | 'event' | 'snapshot', sessionId: string): Said[]
  until(condition: (said: readonly Said[]) => unknown): Promise<void>
}

/** A dashboard that takes upgrades. */
export interface Endpoint {
  /** `ws://…/api/v1/inspect?` and what is given. */
  url(query: Record<string, string>): string
  client(query: Record<string, string>): Client
  /** The status with which an upgrade is answered, and its text. */
  refusal(query: Record<string, string>, headers?: Record<string, string>): Promise<{ status: number; code: string }>
  /** Cuts all connections. */
  cut(): void
  close(): Promise<void>
}

export async function openEndpoint(redrive: Redrive, options: DashboardOptions = {}): Promise<Endpoint> {
  const { node, upgrade } = dashboard(redrive, options)
  const server: Server = createServer((request, response) => void node(request, response))
  const sockets = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket)
    void upgrade(request, socket, head)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = (query: Record<string, string>): string =>
    `ws://127.0.0.1:${port}/api/v1/inspect?${String(new URLSearchParams(query))}`
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    url,
    cut,
    client: (query) => receive(url(query)),
    refusal: (query, headers = {}) => refusalOf(url(query), headers),
    async close() {
      const closed = new Promise((resolve) => void server.close(resolve))
      server.closeAllConnections()
      cut()
      await closed
    },
  }
}

function receive(server: string): Client {
  const said: Said[] = []
  createWebSocketReceiver({ server }).subscribe((message) => void said.push(message))
  return {
    said,
    of: (type, sessionId) => said.filter((each) => each.type === `@xstate.${type}` && each.sessionId === sessionId),
    until: async (condition) => void (await until(() => condition(said))),
  }
}

function refusalOf(url: string, headers: Record<string, string>): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers })
    socket.on('error', () => {})
    socket.on('open', () => {
      socket.terminate()
      reject(new Error('it was let in'))
    })
    socket.on('unexpected-response', (_, response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).error.code }))
    })
  })
}

/** What an inspector does with a stream: revives each definition, and finds each state in it. Returns how many it found. */
export function resolveAll(said: readonly Said[]): number {
  let resolved = 0
  for (const { definition, sessionId } of said) {
    if (definition === undefined) continue
    const machine = createMachine(JSON.parse(definition))
    for (const each of said) {
      if (each.sessionId !== sessionId || each.snapshot?.value === undefined) continue
      const { value } = machine.resolveState({ value: each.snapshot.value })
      if (JSON.stringify(value) !== JSON.stringify(each.snapshot.value))
        throw new Error(`${each.snapshot.value} is no place`)
      resolved++
    }
  }
  return resolved
}
