import type { Redrive } from '../client/redrive.ts'
import { toJson } from './plain-json.ts'

/** What `redrive dev` works on when it is given no module: messages of the queue `dev`, which it echoes. */
export default function demo(redrive: Redrive): void {
  redrive.queue('dev', { journal: { contexts: true } }).work((input, { message, attempt, log }) => {
    log(`attempt ${attempt} at ${message.id}: ${toJson(input)}`)
    return input
  })
}
