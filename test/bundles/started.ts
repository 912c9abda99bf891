import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program that was started, and has said what the test waited for. */
export interface Started {
  /** The line that was waited for. */
  readonly line: string
  /** SIGTERM, or the end of its stdin; resolves when it is gone. */
  stop(how: 'SIGTERM' | 'stdin'): Promise<void>
}

/** @throws Error with all that it wrote, when it ends before it says `wanted` */
export function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, wanted: RegExp): Promise<Started> {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env } })
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  const said: string[] = []
  return new Promise((resolve, reject) => {
    void gone.then(() => reject(new Error(`${args.join(' ')} ended: ${said.join('\n').slice(-4000)}`)))
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line)
        if (wanted.test(line)) resolve({ line, stop: (how) => stop(child, how, gone) })
      })
  })
}

async function stop(child: ChildProcess, how: 'SIGTERM' | 'stdin', gone: Promise<void>): Promise<void> {
  if (how === 'stdin') child.stdin!.end()
  else child.kill('SIGTERM')
  // Whether a framework ends by itself is not what is tested.
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(impatience)
}
