import { hostname, userInfo } from 'node:os'

/** Who sits at the command line, for the audit. */
export function actorName(): string {
  try {
    return `${userInfo().username}@${hostname()}`.slice(0, 200)
  } catch {
    // A user id that has no name here, as in many containers.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`.slice(0, 200)
  }
}
