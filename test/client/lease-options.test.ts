import { afterAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { createMessageMachine } from '../../machines/index.ts'
import { createMemoryStore, Redrive, silentLogger, type QueueOptions } from '../../src/index.ts'

const redrive = new Redrive({ store: createMemoryStore(), logger: silentLogger })
afterAll(() => redrive.close())

const machine = createMachine({
  id: 'order',
  initial: 'charging',
  states: { charging: { invoke: { id: 'charge', src: 'charge', onDone: 'shipped' } }, shipped: { type: 'final' } },
})
let queues = 0
const opening = (options: object) => () => redrive.queue(`leases-${++queues}`, options as QueueOptions)

describe('what a queue says of lost leases', () => {
  test.each([
    [{ machine, maxLeasesLost: 0 }],
    [{ machine, maxLeasesLost: Infinity, leaseLost: 'rerun' }],
    [{ machine, leaseLost: 'error' }],
    [{ machine, leaseLost: { charge: 'error' } }],
    [{ machine: createMessageMachine(), leaseLost: 'rerun', maxLeasesLost: 2 }],
  ])('is taken: %#', (options) => {
    expect(opening(options)).not.toThrow()
  })

  test.each([
    [{ machine, maxLeasesLost: -1 }, /maxLeasesLost must be a whole number from 0 to 1000; got -1/],
    [{ machine, maxLeasesLost: 1001 }, /maxLeasesLost must be/],
    [{ machine, maxLeasesLost: '3' }, /maxLeasesLost must be/],
    [{ machine, maxLeaseLost: 3 }, /Did you mean "maxLeasesLost"/],
    [{ machine, leaseLost: 'eror' }, /leaseLost must be "rerun" or "error" \(did you mean "error"\?\)/],
    [{ machine, leaseLost: ['error'] }, /leaseLost must be/],
    [{ machine, leaseLost: { chrage: 'error' } }, /"chrage", which order does not invoke. Did you mean "charge"/],
    [{ machine, leaseLost: { charge: 'retry' } }, /leaseLost\.charge must be/],
    [{ machine, leaseLost: 'error', maxLeasesLost: 5 }, /maxLeasesLost does nothing here: leaseLost says "error"/],
    [{ machine: createMessageMachine(), maxLeasesLost: 5 }, /does nothing here: the machine says "error"/],
    [{ maxLeasesLost: 5 }, /retry: { maxLeasesLost }/],
    [{ leaseLost: 'error' }, /belongs to a machine of your own/],
  ])('is refused with the fix: %#', (options, message) => {
    expect(opening(options)).toThrow(message)
    expect(opening(options)).toThrow(/^E_INVALID_OPTION/)
  })
})
