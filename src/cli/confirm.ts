import { createInterface } from 'node:readline'
import type { Terminal } from './terminal.ts'
import { usage } from './usage.ts'

export type Answer = 'yes' | 'no' | 'interrupted'

/**
 * Asks on stderr, so that stdout stays data.
 * @throws RedriveError `E_USAGE` where nobody can be asked: a script must say `--yes` itself.
 */
export function confirm({ stdin, stderr }: Terminal, question: string): Promise<Answer> {
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw usage(`${question} Nobody can be asked here: add --yes to go on, or --dry-run to see what would happen.`)
  }
  const prompt = createInterface({ input: stdin, output: stderr })
  return new Promise((resolve) => {
    const settle = (answer: Answer): void => {
      resolve(answer)
      prompt.close()
    }
    prompt.once('SIGINT', () => settle('interrupted'))
    prompt.once('close', () => resolve('no'))
    prompt.question(`${question} [y/N] `, (text) => settle(/^\s*y(es)?\s*$/i.test(text) ? 'yes' : 'no'))
  })
}
