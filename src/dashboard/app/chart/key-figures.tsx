import type { JSX } from 'preact'
import type { LiveQueue } from '../live/live-queue.ts'
import { queueOf } from '../shell/facts.ts'
import { countText, durationText, rateText } from '../time/duration-text.ts'

/** The queue in five figures. */
export function KeyFigures({ live, queue }: { live: LiveQueue; queue: string }): JSX.Element {
  const tick = live.tick.value
  const facts = queueOf(queue)
  const lag = tick?.lagMs ?? 0
  return (
    <dl class="figures">
      <Figure name="on their way" value={facts ? countText(facts.live) : '–'} />
      <Figure name="succeeded /s" value={tick ? rateText(tick.perSecond.succeeded) : '–'} />
      <Figure name="transitions /s" value={tick ? rateText(tick.perSecond.transitions) : '–'} />
      <Figure
        name="dead /s"
        value={tick ? rateText(tick.perSecond.dead) : '–'}
        tone={tick && tick.perSecond.dead > 0 ? 'dead' : ''}
      />
      <Figure
        name="overdue"
        value={tick ? (lag === 0 ? 'none' : durationText(lag)) : '–'}
        tone={lag > 5000 ? 'retrying' : ''}
      />
      <Figure
        name={tick?.workers.count === 1 ? 'worker' : 'workers'}
        value={tick ? countText(tick.workers.count) : '–'}
        tone={tick?.workers.count === 0 ? 'dead' : ''}
      />
    </dl>
  )
}

const Figure = ({ name, value, tone = '' }: { name: string; value: string; tone?: string }): JSX.Element => (
  <div class={tone === '' ? 'figure' : `figure tone-${tone}`}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)
