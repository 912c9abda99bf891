import { decode } from '../../src/codec.ts'
import { describe } from '../../src/engine/description.ts'
import { eventLabel } from '../../src/engine/stimulus.ts'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import type { CommitEntry, StoredMessage } from '../../src/store/store.ts'
import type { Executions } from './executions.ts'
import type { MessageRecord } from './message-record.ts'
import { replay } from './replay.ts'
import type { Setting } from './roles.ts'
import type { World } from './world.ts'

/** Whether a step of a message may be as it is written. */
export function judgeStep(
  world: World,
  executions: Executions,
  settings: readonly Setting[],
  record: MessageRecord,
  entry: CommitEntry,
  now: number,
): void {
  const { chart } = settings.find(({ chart: { name } }) => name === record.queue)!
  const blame = (rule: string): void => world.violate(`"${record.id}" ${rule}`)
  const early = earlyTimer(chart.machineId, record, entry, now)
  if (early !== undefined) blame(early)
  if (chart.attempts !== undefined) {
    const attempt = attemptAfter(record, entry)
    if (attempt > chart.attempts) blame(`is at attempt ${attempt}, and may have ${chart.attempts}`)
  }
  if (!chart.original) return
  const illegal = replay(chart.original, record, entry, executions.endings(record.queue, record.id))
  if (illegal !== undefined) blame(illegal)
}

/** Each timer that is told to have fired was set, and was due. */
function earlyTimer(
  machineId: string,
  { queue, timers }: MessageRecord,
  { transitions }: CommitEntry,
  now: number,
): string | undefined {
  for (const { event } of decodeTransitions(queue, now, `[${transitions.join(',')}]`)) {
    if (!event.startsWith('after ')) continue
    const set = [...timers.values()].filter(({ text }) => event === eventLabel(machineId, timerEvent(text)))
    if (set.length === 0) return `had "${event}" fire, which was not set`
    const due = Math.min(...set.map((timer) => timer.due))
    if (due > now) return `had "${event}" fire ${due - now} ms early`
  }
  return undefined
}

/** The type of the event of a timer: its id, or what stands behind it on the last line. */
function timerEvent(text: string): string {
  const line = text.lastIndexOf('\n')
  return line < 0 ? text : (decode(text.slice(line + 1)) as { type: string }).type
}

function attemptAfter({ id, fields }: MessageRecord, { changes }: CommitEntry): number {
  const change = changes.find(({ field }) => field === 'c')
  const context = change ? { ...Object.fromEntries(fields), c: change.value ?? '' } : Object.fromEntries(fields)
  const { attempt } = describe({ id, fields: context, timers: [] } as unknown as StoredMessage).context
  return typeof attempt === 'number' ? attempt : 0
}
