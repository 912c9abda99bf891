import { expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { messageMachine } from '../../machines/index.ts'
import { toMermaid } from '../../src/inspect/mermaid.ts'

test('the default machine, with its guards in their order', () => {
  const lines = toMermaid(messageMachine).split('\n')
  expect(lines.slice(0, 5)).toEqual([
    'stateDiagram-v2',
    '  [*] --> pending',
    '  pending --> dead: RETRY, after deliver [isOverdue]',
    '  pending --> processing: RETRY, after deliver',
    '  pending --> cancelled: CANCEL',
  ])
  expect(lines).toContain('  processing --> succeeded: done handler')
  expect(lines).toContain(
    '  processing --> dead: error handler, after timeLimit [isPoisoned or isFatal or isExhausted or isExpired]',
  )
  expect(lines).toContain('  dead --> pending: REDRIVE')
  expect(lines.filter((line) => line.endsWith('--> [*]'))).toEqual(['  succeeded --> [*]', '  cancelled --> [*]'])
})

test('nested and parallel states, final ones, always and inline guards', () => {
  const machine = createMachine({
    id: 'order',
    initial: 'checking',
    states: {
      checking: { always: [{ guard: () => true, target: 'work' }, { target: 'rejected' }] },
      work: {
        type: 'parallel',
        states: {
          billing: { initial: 'due', states: { due: { after: { 1000: 'paid' } }, paid: { type: 'final' } } },
          'ship-ping': { initial: 'packing', states: { packing: { on: { PACKED: 'sent' } }, sent: { type: 'final' } } },
        },
        onDone: 'closed',
      },
      rejected: { type: 'final' },
      closed: { type: 'final' },
    },
  })
  expect(toMermaid(machine)).toBe(`stateDiagram-v2
  [*] --> checking
  checking --> work: always [a condition]
  checking --> rejected: always
  state work {
    state work__billing {
      [*] --> work__billing__due
      work__billing__due --> work__billing__paid: after 1 s
      work__billing__paid --> [*]
    }
    --
    state work__ship_ping {
      [*] --> work__ship_ping__packing
      work__ship_ping__packing --> work__ship_ping__sent: PACKED
      work__ship_ping__sent --> [*]
    }
  }
  work --> closed: done order.work
  rejected --> [*]
  closed --> [*]`)
})

test('an edge out of a box or into one stands outside of all; every state stands in its own box, history too', () => {
  const machine = createMachine({
    id: 'work',
    initial: 'doing',
    states: {
      doing: {
        initial: 'first',
        states: { first: { on: { FAIL: '#work.waiting' } }, second: {}, last: { type: 'history' } },
      },
      waiting: { on: { AGAIN: 'doing.last', SKIP: 'doing.second' } },
    },
  })
  expect(toMermaid(machine)).toBe(`stateDiagram-v2
  [*] --> doing
  state doing {
    [*] --> doing__first
    state "H" as doing__last
    doing__second
  }
  waiting
  doing__first --> waiting: FAIL
  waiting --> doing__last: AGAIN
  waiting --> doing__second: SKIP`)
})
