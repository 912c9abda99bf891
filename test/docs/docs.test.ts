/** What the documentation shows is run: every program, every command line, every picture and every link. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { AnyStateMachine } from 'xstate'
import * as examples from '../../machines/examples/index.ts'
import { messageMachine } from '../../machines/index.ts'
import { PAGES, withDiagram } from '../../scripts/diagrams.mjs'
import { toMermaid } from '../../src/inspect/mermaid.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { codeBlocks } from './code-blocks.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SCRATCH = join(ROOT, '.cache/docs')
const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((page) => join('docs', page)),
]
  .filter((page) => page.endsWith('.md'))
  .toSorted()

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
  mkdirSync(join(SCRATCH, 'bin'), { recursive: true })
  // What npm makes of "bin" when the package is installed.
  const bin = join(SCRATCH, 'bin/redrive')
  writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'dist/src/cli/main.js')}" "$@"\n`)
  chmodSync(bin, 0o755)
})
afterAll(async () => {
  await redis.stop()
  rmSync(SCRATCH, { recursive: true, force: true })
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(file: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const env = {
    ...process.env,
    REDIS_URL: redis.url,
    NO_COLOR: '1',
    PATH: `${join(SCRATCH, 'bin')}:${process.env['PATH']}`,
  }
  return new Promise((done) => {
    execFile(file, args, { cwd, env, timeout: 120_000 }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
    })
  })
}

/** What a program says that it prints: the comments behind its `console.log`. */
const promised = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(([, text]) => text!)

const programs = pages.flatMap((page) =>
  codeBlocks(join(ROOT, page))
    .filter(({ language }) => language === 'js')
    .map((block) => ({ page, ...block })),
)

test('there is something to run', () => {
  expect(programs.length).toBeGreaterThanOrEqual(5)
  expect(pages).toContain('docs/reference/cli.md')
})

test.each(programs)('the program of $page, line $line', async ({ page, code, line }) => {
  const path = join(SCRATCH, `${page.replaceAll('/', '-')}-${line}.mjs`)
  writeFileSync(path, code)
  const { code: exit, stdout, stderr } = await run(process.execPath, [path], SCRATCH)
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  for (const text of promised(code)) expect(stdout).toContain(text)
})

test('the first program prints what the page says', async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const text = /It prints `(.+)`/.exec(readme)![1]!
  const { stdout } = await run(
    process.execPath,
    [writeProgram(programs.find(({ page }) => page === 'README.md')!.code)],
    SCRATCH,
  )
  expect(stdout.trim()).toBe(text)
})

function writeProgram(code: string): string {
  const path = join(SCRATCH, 'first.mjs')
  writeFileSync(path, code)
  return path
}

describe.each(pages.map((page) => ({ page, blocks: codeBlocks(join(ROOT, page)) })))('$page', ({ page, blocks }) => {
  const commands = blocks.filter(({ language }) => language === 'sh')
  // Those in TypeScript are compiled by test/package/types.test.ts.
  const known = new Set(['js', 'ts', 'jsx', 'sh', 'text', 'mermaid', 'json'])

  test('has no block in a language that is not run or drawn', () => {
    expect(blocks.map(({ language }) => language).filter((language) => !known.has(language))).toEqual([])
  })

  test('its command lines do what they say, one after the other', async () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const lines = commands.flatMap(({ code }) => code.split('\n'))
    // The scripts of the project are run whole by tests of their own; here they need only exist.
    const [ours, others] = [
      lines.filter((line) => line.startsWith('npm ')),
      lines.filter((line) => !line.startsWith('npm ')),
    ]
    for (const line of ours) expect(Object.keys(scripts)).toContain(/^npm (?:run )?(\S+)/.exec(line)![1])
    if (others.every((line) => line.trim() === '')) return
    const { code, stderr } = await run('bash', ['-euo', 'pipefail', '-c', others.join('\n')], SCRATCH)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('its links lead somewhere', () => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target!)
    expect(targets.filter((target) => !existsSync(resolve(ROOT, dirname(page), target)))).toEqual([])
  })
})

test.each(Object.entries(PAGES))('the picture in %s is %s (npm run diagrams draws it)', (page, name) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const machine = { messageMachine, ...examples }[name]
  expect(text).toBe(withDiagram(text, toMermaid(machine as AnyStateMachine)))
})
