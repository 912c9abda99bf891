import { RedriveError } from '../../../errors.ts'
import type { Visit } from '../visit.ts'

/**
 * Without a token and without `authorize`, only programs of this machine are answered: the connection must come from it, must not have
 * been passed on by a proxy, and must name it. The last keeps off a page elsewhere whose name was made to lead here (DNS rebinding).
 * @throws RedriveError `E_FORBIDDEN`
 */
export function checkNeighbour({ request, address }: Visit): void {
  const { headers } = request
  const passedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip'].find((name) => headers.has(name))
  const host = hostOf(headers.get('host') ?? new URL(request.url).host)
  if (isLoopback(address) && isLoopbackHost(host) && passedOn === undefined) return
  throw new RedriveError(
    'E_FORBIDDEN',
    'this dashboard answers its own machine only. To open it to others, give it the option "token" or "authorize".',
    { host },
  )
}

/** `undefined` where it is not known, which is not trusted. */
const isLoopback = (address: string): boolean => /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/i.test(address)

export const isLoopbackHost = (host: string): boolean =>
  /^(localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host)

/** Of `name`, `name:port` or `[::1]:port`. */
function hostOf(header: string): string {
  const [, inBrackets, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? []
  return inBrackets ?? plain ?? ''
}
