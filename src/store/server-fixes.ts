/** A rule that would allow what a server has just refused; `undefined` where it does not say what that was. */
function ruleFor(message: string): string | undefined {
  const command = /run the '([\w|]+)' command/.exec(message)?.[1]
  if (command !== undefined) return `+${command.toLowerCase()}`
  if (/\bchannels?\b/.test(message)) return '&rd:*'
  return /\bkeys?\b/.test(message) ? '~rd:*' : undefined
}

/** What to do about a user, a password or a permission that a server refuses. */
export function authFix(message: string): string {
  if (/^(WRONGPASS|ERR AUTH|ERR invalid password)/.test(message))
    return 'Check the user and the password of the address, and that the user is on.'
  if (message.startsWith('NOAUTH')) return 'Put the password into the address: redis://user:password@host.'
  const rule = ruleFor(message)
  const allow = rule === undefined ? '' : `An administrator can allow it: ACL SETUSER <user> ${rule}. `
  return `${allow}All rules stand in docs/guides/security.md.`
}

const FIXES: readonly [RegExp, string][] = [
  [
    /ECONNREFUSED|ENOENT/,
    'Is a server running there? Start one, or name another: the option redis, REDIS_URL or --redis.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'Is the name of the host right, and does this machine find it?'],
  [/^READONLY/, 'It is a replica: name the primary, or the Sentinels that know it.'],
  [/NOREPLICAS/, 'Fewer replicas follow it than min-replicas-to-write asks for: bring them back.'],
  [/^LOADING/, 'It loads its data: wait until it has.'],
  [/^BUSY/, 'A script of somebody keeps it busy: wait, or end that with SCRIPT KILL.'],
  [/^MISCONF/, 'It cannot save its data: make room on its disk, and look into its log.'],
  [/max number of clients/, 'Raise its maxclients, or close connections.'],
  [/MASTERDOWN|CLUSTERDOWN|TRYAGAIN/, 'Wait until its primary is back.'],
  [/All sentinels are unreachable/, 'Are the Sentinels running, and do they know the primary by this name?'],
]

/** What to do about a server that is away. */
export const awayFix = (message: string): string =>
  FIXES.find(([pattern]) => pattern.test(message))?.[1] ??
  'Is it overloaded, or does something between here and it drop connections?'
