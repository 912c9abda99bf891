/** How the text of an invocation or an action begins: with the leases that were lost with it, and whether a worker runs it. */
export interface LeaseMark {
  readonly leasesLost: number
  readonly running: boolean
  /** The rest of the text. */
  readonly name: string
}

/** Nothing on the common path, where no worker was lost. */
export const markText = (leasesLost = 0): string => (leasesLost === 0 ? '' : `${leasesLost}/`)

export function readMark(text: string): LeaseMark {
  const [, count = '0', running, name = ''] = /^(?:(\d{1,9})\/)?(\+?)(.*)$/s.exec(text) ?? []
  return { leasesLost: Number(count), running: running === '+', name }
}
