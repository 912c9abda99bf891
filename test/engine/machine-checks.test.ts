import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createMachine, fromCallback, fromPromise, spawnChild, type AnyStateMachine } from 'xstate'
import { registerMachine } from '../../src/engine/registry.ts'
import { CHECKS } from '../../src/engine/validate.ts'
import { machineOf } from './charts/chart.ts'

const PAGE = 'docs/reference/machine-checks.md'
const page = readFileSync(new URL(`../../${PAGE}`, import.meta.url), 'utf8')

/** The anchors of the headings, as GitHub makes them. */
const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'))

const states = { a: {} }
const job = { id: 'i', src: 'job', onError: {} }

/** The same package once more, as a bundler takes it. */
const another = (await import(
  join(dirname(createRequire(import.meta.url).resolve('xstate')), 'xstate.esm.js')
)) as typeof import('xstate')

/** A machine for each check, with nothing else wrong in it. */
const faulty: Record<(typeof CHECKS)[number], unknown> = {
  'not-a-machine': { id: 'm', initial: 'a', states },
  'another-xstate': another.createMachine({ id: 'm', initial: 'a', states }),
  'machine-id': createMachine({ id: 'a@b', initial: 'a', states }),
  'machine-version': createMachine({ id: 'm', version: '?', initial: 'a', states }),
  'unknown-state': createMachine({ id: 'm', initial: 'lost', states } as never),
  'unknown-action': machineOf({ entry: 'lost' }),
  'unknown-guard': machineOf({ always: { guard: 'lost', target: 'b' } }),
  'unknown-delay': machineOf({ after: { lost: 'b' } }),
  'live-actor': machineOf({ invoke: { id: 'i', src: fromCallback(() => {}) } }),
  'actor-name': machineOf({ invoke: { id: 'two\nlines', src: 'job' } }),
  'invoke-id': machineOf({ invoke: { src: 'job', onError: {} } }),
  'shared-invoke-id': machineOf({ type: 'parallel', states: { x: { invoke: job }, y: { invoke: job } } }),
  'spawn-id': machineOf({ entry: spawnChild('job') }),
  'spawn-name': machineOf({
    entry: spawnChild(
      fromPromise(async () => {}),
      { id: 's' },
    ),
  }),
  'unhandled-error': machineOf({ invoke: { id: 'i', src: 'job' } }),
}

test('the page has a heading for each check, and no other', () => {
  expect(anchors.toSorted()).toEqual(CHECKS.toSorted())
})

test.each(CHECKS)('%s: the message says where to read on', (check) => {
  expect(told(faulty[check] as AnyStateMachine)).toEqual([check])
})

test('each section shows what is refused and what is not, as a program', () => {
  const sections = page.split(/^## /m).slice(1)
  expect(sections.filter((section) => !/```js\n[^]*redrive\.queue\([^]*\n```/.test(section))).toEqual([])
})

/** The anchors that a registration names, in errors or in warnings. */
function told(machine: AnyStateMachine): string[] {
  const find = (text: string): string[] =>
    [...text.matchAll(/See docs\/reference\/machine-checks\.md#([\w-]+)$/gm)].map(([, anchor = '']) => anchor)
  try {
    return registerMachine(machine).warnings.flatMap(find)
  } catch (error) {
    return find((error as Error).message)
  }
}
