const KEY = 'redrive.token'

/**
 * A link of `redrive dashboard` carries the token as `#token=…`: a fragment is not sent to any server and not written into its logs.
 * It is kept for this tab and taken out of the address at once.
 */
export function adoptToken(): void {
  const [, token] = /^#token=(.+)$/.exec(location.hash) ?? []
  if (token === undefined) return
  saveToken(decodeURIComponent(token))
  history.replaceState(null, '', location.pathname + location.search)
}

export const savedToken = (): string | null => sessionStorage.getItem(KEY)

export const saveToken = (token: string): void => sessionStorage.setItem(KEY, token)
