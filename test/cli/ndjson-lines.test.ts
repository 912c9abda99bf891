import { describe, expect, test } from '@jest/globals'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Line, ndjsonLines } from '../../src/cli/ndjson-lines.ts'

async function linesOf(chunks: readonly (string | Buffer)[], longest?: number): Promise<Line[]> {
  const found: Line[] = []
  for await (const line of ndjsonLines(chunked(chunks), longest)) found.push(line)
  return found
}

async function* chunked(chunks: readonly (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  yield* chunks
}

const valuesOf = async (...chunks: (string | Buffer)[]): Promise<unknown[]> =>
  (await linesOf(chunks)).map(({ value }) => value)

describe('lines of NDJSON', () => {
  test('may be cut anywhere, even within a character', async () => {
    const bytes = Buffer.from('{"to":"Zoë"}\n[1]\n')
    for (let i = 0; i <= bytes.length; i++) {
      expect(await valuesOf(bytes.subarray(0, i), bytes.subarray(i))).toEqual([{ to: 'Zoë' }, [1]])
    }
  })

  test('need no end at the end, and may end as on Windows, with a mark at the start', async () => {
    expect(await valuesOf('\ufeff1\r\n\r\n"a"\r\nnull')).toEqual([1, 'a', null])
  })

  test('have the numbers that an editor shows', async () => {
    expect((await linesOf(['\n1\n\n2'])).map(({ number, value }) => [number, value])).toEqual([
      [2, 1],
      [4, 2],
    ])
  })

  test('count their bytes, so that progress adds up to the size of the file', async () => {
    expect((await linesOf(['"ë"\r\n1'])).map(({ bytes }) => bytes)).toEqual([6, 1])
  })

  test.each<[string, string | Buffer, RegExp]>([
    ['not JSON', '{"to":', /^E_BROKEN_LINE: line 2: it is not JSON: /],
    ['two values', '1 2', /line 2: it is not JSON/],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), /line 2: it is not UTF-8/],
    ['longer than the limit', `"${'x'.repeat(20)}"`, /line 2: it is longer than 16 bytes/],
  ])('that are %s are told, and the others are had', async (_, broken, message) => {
    const [before, line, after, ...rest] = await linesOf(
      [Buffer.concat([Buffer.from('1\n'), Buffer.from(broken)]), '\n3\n'],
      16,
    )
    expect([before?.value, after?.value, rest]).toEqual([1, 3, []])
    expect(line).not.toHaveProperty('value')
    expect(line!.error).toMatchObject({
      code: 'E_BROKEN_LINE',
      details: { line: 2 },
      message: expect.stringMatching(message),
    })
  })

  test('that never end are not kept in memory', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const held = (): number => {
      collect()
      return process.memoryUsage().arrayBuffers
    }
    let most = 0
    async function* endless(): AsyncGenerator<Buffer> {
      const block = Buffer.alloc(1024 * 1024, 'x')
      for (let i = 0; i < 64; i++) {
        yield block
        if (i % 8 === 0) most = Math.max(most, held())
      }
    }
    const before = held()
    for await (const line of ndjsonLines(endless(), 1024 * 1024)) expect(line.error?.code).toBe('E_BROKEN_LINE')
    expect(most - before).toBeLessThan(24 * 1024 * 1024)
  })
})
