import { RedriveError } from '../../errors.ts'
import { checkNames, show, toInteger, toMs, toObject, type Duration } from '../../options.ts'
import type { OutboxSettings } from './outbox.ts'

export interface OutboxOptions {
  /** Where to keep what cannot be sent. Of one process alone. */
  readonly directory: string
  /** Most bytes to keep there, about; a send beyond is refused with `E_OUTBOX_FULL`. Default 256 MiB; bounds 1 KiB–1 TiB. */
  readonly maxBytes?: number
  /** How long Redis may take to answer a send before it is put on the disk. Default `'1s'`; bounds 10 ms–1 min. */
  readonly patience?: Duration
  /** Hears of each batch that is put on the disk. */
  readonly onSpooled?: (spooled: { readonly queue: string; readonly ids: readonly string[] }) => void
  /** Hears when the outbox is empty again, and how many messages it has delivered. */
  readonly onDrained?: (drained: { readonly messages: number }) => void
}

const NAMES = ['directory', 'maxBytes', 'patience', 'onSpooled', 'onDrained']

/** @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION` */
export function outboxSettings(options: OutboxOptions): OutboxSettings {
  checkNames(toObject(options, 'outbox'), 'outbox', NAMES)
  const { directory, maxBytes = 256 * 1024 ** 2, patience = 1000, onSpooled = () => {}, onDrained = () => {} } = options
  if (typeof directory !== 'string' || directory === '')
    throw new RedriveError(
      'E_INVALID_OPTION',
      `outbox.directory must be the path of a directory; got ${show(directory)}.`,
      {
        path: 'outbox.directory',
      },
    )
  return {
    directory,
    maxBytes: toInteger(maxBytes, 'outbox.maxBytes', { min: 1024, max: 1024 ** 4 }),
    patience: toMs(patience, 'outbox.patience', { min: 10, max: 60_000 }),
    onSpooled,
    onDrained,
  }
}
