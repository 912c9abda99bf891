import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of this benchmark that answers one message at a time. */
export async function start(file, ...args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [ready] = await answer(child)
  return {
    ready,
    async ask(message) {
      const answered = answer(child)
      child.send(message)
      return (await answered)[0]
    },
    async end() {
      const gone = once(child, 'exit')
      child.send('end')
      await gone
    },
    kill: () => child.kill('SIGKILL'),
  }
}

async function answer(child) {
  const gone = new AbortController()
  const exited = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code}`)
  })
  exited.catch(() => {})
  try {
    return await Promise.race([once(child, 'message', { signal: gone.signal }), exited])
  } finally {
    gone.abort()
  }
}
