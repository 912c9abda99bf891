import { sendParams, startParams } from '../../machines/talk.ts'
import { decode, encode } from '../codec.ts'
import { OUTGOING, type Outgoing } from '../engine/outgoing.ts'
import { RedriveError } from '../errors.ts'
import type { HandlerContext } from './handlers.ts'

/** What a handler asks of other messages while it runs. */
export interface Talk extends Pick<HandlerContext, 'send' | 'startChildren'> {
  /** Takes what was asked for; what is asked for later is refused, for nobody would hear of it. */
  end(): readonly Outgoing[]
}

export function createTalk(): Talk {
  const outgoing: Outgoing[] = []
  let over = false

  function add(name: string, params: object, what: string): void {
    if (over)
      throw new RedriveError('E_CANCELLED', `${what} was called after its handler had ended: await what you begin.`)
    // As it is now: the handler may go on to use its objects.
    outgoing.push({ name, params: decode(encode(params, `what ${what} was given`)) })
  }

  return {
    send: (target, event) => add(OUTGOING.send, sendParams(target, event), 'send()'),
    startChildren: (children, options) => add(OUTGOING.start, startParams(children, options), 'startChildren()'),
    end() {
      over = true
      return outgoing
    },
  }
}
