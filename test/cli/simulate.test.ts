import { describe, expect, test } from '@jest/globals'
import { fileURLToPath } from 'node:url'
import { fakeTerminal, type FakeTerminal } from './fake-terminal.ts'
import { cli, ndjson } from './run-cli.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`modules/${name}.mjs`, import.meta.url))
const START = Date.parse('2030-01-01T00:00:00Z')

/** Plays lines from a pipe, within this process. */
async function play(lines: readonly string[], ...args: string[]): Promise<FakeTerminal & { code: number }> {
  const terminal = fakeTerminal()
  terminal.terminal.stdin.push(lines.map((line) => `${line}\n`).join(''))
  terminal.terminal.stdin.push(null)
  const code = await terminal.run('simulate', ...args)
  return { ...terminal, code }
}

describe('simulate', () => {
  test('plays the machine that comes with it: handlers end as it is told, and time passes when it is told', async () => {
    const lines = ['error busy', 'advance', 'advance 500ms', 'done {"sent":true}', 'history']
    const { code, stdout, stderr } = await play(
      lines,
      'message',
      '--input',
      '{"payload":{"to":"ada"},"retry":{"backoff":{"type":"fixed","delay":2000,"jitter":"none"}}}',
      '--json',
    )
    expect({ code, stderr: stderr() }).toEqual({ code: 0, stderr: '' })
    const views = ndjson(stdout())
    expect(views.slice(0, 5).map(({ state, now }) => [state, Number(now) - START])).toEqual([
      ['processing', 0],
      ['retrying', 0],
      ['processing', 2000],
      ['processing', 2500],
      ['succeeded', 2500],
    ])
    expect(views[0]).toMatchObject({
      status: 'active',
      context: { payload: { to: 'ada' }, attempt: 1 },
      timers: [{ name: 'after timeLimit' }],
      running: [{ id: 'handler', src: 'handler' }],
      events: ['CANCEL'],
    })
    expect(views[1]).toMatchObject({
      timers: [{ id: 'xstate.after.backoff.message.retrying', name: 'after backoff', due: START + 2000 }],
      running: [],
      events: ['RETRY', 'CANCEL'],
    })
    expect(views[4]).toMatchObject({ status: 'done', output: { sent: true }, events: [] })
    expect(views.slice(5).map(({ event, to }) => [event, to])).toEqual([
      ['init', 'pending'],
      ['after deliver', 'processing'],
      ['error handler', 'retrying'],
      ['after backoff', 'processing'],
      ['done handler', 'succeeded'],
    ])
  })

  test('shows people what there is, and what they can do', async () => {
    const { code, stdout, stderr } = await play(
      ['error no luck', 'show', 'history', 'help', 'CANCEL', 'quit', 'RETRY'],
      'message',
      '--input',
      '{"payload":1}',
      '--start',
      '2031-02-03T00:00:00Z',
    )
    expect(code).toBe(0)
    const [first, failed, shown, journal, ...more] = stdout().split(/\n\n|\n(?=#)/)
    expect(first!.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['state', 'processing'],
      ['now', '2031-02-03T00:00:00.000Z'],
      ['context', '{"payload":1,"attempt":1}'],
      ['timers', 'after timeLimit', expect.stringMatching(/^in 24d/)],
      ['running', 'handler'],
      ['events', 'CANCEL'],
    ])
    expect(failed).toMatch(
      /state +retrying \(retrying\)[^]*timers +after backoff {2}in .*, 2031-02-03T00:00:0[^]*RETRY, CANCEL/,
    )
    expect(shown).toBe(failed)
    expect(journal).toMatch(/^# +AT +EVENT +FROM +TO +ERROR\n[^]*error handler +processing +retrying +.*no luck/)
    expect(stderr()).toContain('advance [duration]')
    expect(stdout()).toMatch(/state +cancelled \(cancelled, done\)/)
    // Nothing after "quit" is taken.
    expect(more.join('')).not.toContain('pending')
  })

  test('plays the machine of a module’s queue, and events with data', async () => {
    const { stdout } = await play(['APPROVE {"by":"ada"}'], fixture('reviews'), '--json')
    expect(ndjson(stdout()).map(({ state, events }) => [state, events])).toEqual([
      ['review.waiting', ['APPROVE', 'CANCEL']],
      ['approved', []],
    ])
  })

  test('chooses among several machines, and says which there are', async () => {
    const { code, stderr } = await play([], fixture('machines'))
    expect({ code, stderr: stderr() }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/has several machines: say which by --machine\. It has: first, second\./),
    })
    for (const name of ['second', 'two']) {
      const { stdout } = await play(['advance 1h'], fixture('machines'), '--machine', name, '--json')
      expect(ndjson(stdout()).map(({ state }) => state)).toEqual(['waiting', 'over'])
    }
    expect((await play([], fixture('machines'), '--machine', 'third')).code).toBe(2)
  })

  test('tells two runs apart by their ids', async () => {
    const lines = ['done', 'done left "l"', 'error right {"message":"busy","code":"E_BUSY"}']
    const { code, stdout, stderr } = await play(lines, fixture('machines'), '--machine', 'first', '--json')
    expect(code).toBe(1)
    expect(stderr()).toMatch(/say which: left, right run\./)
    const views = ndjson(stdout())
    expect(views.map(({ state }) => state)).toEqual(['left.on+right.on', 'left.off+right.on', 'left.off+right.failed'])
    expect(views.at(-1)).toMatchObject({ context: { left: 'l', why: 'E_BUSY' } })
  })

  test('a line that cannot be done changes nothing, says why, and is a failure for a script', async () => {
    const lines = ['APROVE', 'done', 'advance', 'advance soon', 'error', 'advnce 3d', '{"type":', 'event']
    const { code, stdout, stderr } = await play(lines, fixture('reviews'))
    expect(code).toBe(1)
    expect(stdout().match(/^state/gm)).toHaveLength(1)
    const errors = stderr().trimEnd().split('\n')
    expect(errors.map((line) => /E_\w+/.exec(line)?.[0])).toEqual([
      'E_UNKNOWN_EVENT',
      'E_USAGE',
      'E_USAGE',
      'E_INVALID_DURATION',
      'E_USAGE',
      'E_USAGE',
      'E_USAGE',
      'E_USAGE',
    ])
    expect(errors[0]).toContain('Did you mean APPROVE?')
    expect(errors[5]).toContain('Did you mean "advance"?')
  })

  test('a file that is not there, or has no machine, is wrong usage', async () => {
    expect(await play([], 'mesage')).toMatchObject({ code: 2 })
    const { code, stderr } = await play([], fixture('slow'), '--machine', 'nothing')
    expect({ code, stderr: stderr() }).toEqual({ code: 2, stderr: expect.stringContaining('has no machine "nothing"') })
  })
})

describe('simulate, on a terminal', () => {
  test('prompts, answers, and goes on after a mistake', async () => {
    const terminal = fakeTerminal({ tty: true, env: { NO_COLOR: '1' } })
    const ended = terminal.run('simulate', fixture('reviews'))
    await terminal.until('stderr', /> /)
    terminal.type('NONSENSE\r')
    await terminal.until('stderr', /E_UNKNOWN_EVENT/)
    terminal.type('APPROVE\r')
    await terminal.until('stdout', /state +approved/)
    terminal.type('quit\r')
    expect(await ended).toBe(0)
  })
})

test('as a user runs it: lines from a pipe, lines of JSON out', async () => {
  const { code, stdout, stderr } = await cli(['simulate', 'message', '--input', '{"payload":{}}', '--json'], {
    input: 'error busy\nadvance\ndone\n',
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(ndjson(stdout).map(({ state }) => state)).toEqual(['processing', 'retrying', 'processing', 'succeeded'])
})
