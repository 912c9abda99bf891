import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { createMachine, type AnyStateMachine } from 'xstate'
import { messageMachine } from '../../../machines/index.ts'
import { toChart } from '../../../src/inspect/chart/chart.ts'
import { DARK, toSvg } from '../../../src/inspect/chart/svg.ts'
import { manyStates } from './many-states.ts'

/** Every element is closed in its order, and no text holds what only markup may. */
function checkXml(text: string): string[] {
  const open: string[] = []
  const faults: string[] = []
  let end = 0
  for (const match of text.matchAll(/<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    if (/[<>]/.test(text.slice(end, match.index))) faults.push(text.slice(end, match.index))
    end = match.index + match[0].length
    const [, closing, name = '', , empty] = match
    if (closing) {
      if (open.pop() !== name) faults.push(match[0])
    } else if (!empty) open.push(name)
  }
  if (/&(?!amp;|lt;|gt;|quot;|#39;)/.test(text)) faults.push('a bare ampersand')
  return [...faults, ...open, ...(text.slice(end).trim() === '' ? [] : [text.slice(end)])]
}

test('the default machine is drawn: each state by its name, each edge with its label', async () => {
  const svg = await toSvg(toChart(messageMachine))
  expect(checkXml(svg)).toEqual([])
  for (const name of ['pending', 'processing', 'retrying', 'succeeded', 'cancelled', 'dead']) {
    expect(svg).toContain(`data-state="${name}"`)
    expect(svg).toContain(`>${name}</text>`)
  }
  expect(svg).toContain('data-from="dead" data-to="pending"')
  expect(svg).toContain('>REDRIVE</text>')
  expect(svg).toContain('>runs handler</text>')
  expect(svg).toContain('>#retrying</text>')
})

test('names cannot break out of the picture', async () => {
  const svg = await toSvg(toChart(manyStates()))
  expect(checkXml(svg)).toEqual([])
  expect(svg).toContain('aborted &lt;by&gt; &quot;somebody&quot; &amp; 非常に長い名前')
  const hostile = createMachine({
    id: '</text><script>alert(1)</script>',
    initial: 'a',
    states: { a: { on: { '"><img src=x>': 'b' }, tags: ['\u0001&'] }, b: {} },
  }) as AnyStateMachine
  const drawn = await toSvg(toChart(hostile))
  expect(checkXml(drawn)).toEqual([])
  for (const text of ['<script', '<img', '\u0001']) expect(drawn).not.toContain(text)
})

test('a theme colours it', async () => {
  const chart = toChart(messageMachine)
  expect(await toSvg(chart, DARK)).toContain(DARK.box)
  expect(await toSvg(chart)).not.toContain(DARK.box)
})

test('the same machine gives the same picture', async () => {
  const chart = toChart(manyStates(2))
  expect(await toSvg(chart)).toBe(await toSvg(chart))
})

test('the layout library is loaded with the first picture, and not before', async () => {
  const file = (path: string): string => JSON.stringify(new URL(`../../../dist/${path}`, import.meta.url).href)
  const hooks = `export function load(url, context, next) {
    if (url.includes('elk')) console.log('loads elk')
    return next(url, context)
  }`
  const program = `
    import { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})
    const { toSvg } = await import(${file('src/inspect/chart/svg.js')})
    const { toChart } = await import(${file('src/inspect/chart/chart.js')})
    const { messageMachine } = await import(${file('machines/index.js')})
    console.log('before')
    await toSvg(toChart(messageMachine))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(stdout).toBe('before\nloads elk\n')
})
