import { setTimeout as sleep } from 'node:timers/promises'
import { planCrash } from './crash.mjs'
import { plan } from './plan.mjs'
import { createScreen } from './screen.mjs'
import { openStage } from './stage.mjs'
import { summarise, summaryText } from './summary.mjs'
import { createTally, follow } from './tally.mjs'
import { sendEvenly, sendForEver } from './traffic.mjs'
import { verdict } from './verdict.mjs'

const FRAME_MS = 100
/** The feed trails behind the states by a notification. */
const FEED_PATIENCE_MS = 2000
/** Messages read back at a time. */
const PAGE = 100
/** Messages and deliveries that the receiver remembers with `--keep`. */
const REMEMBERED = 1000
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 }

/**
 * The demo from its first to its last line.
 * @param {import('./options.mjs').DemoOptions} options
 * @returns {Promise<number>} The exit code.
 */
export async function runDemo(options) {
  const interruption = listenForSignals()
  const closers = []
  const life = { signal: interruption.signal, onClose: (close) => closers.push(close) }
  const screen = createScreen(options.json ? process.stderr : process.stdout)
  let json = ''
  try {
    const run = await openRun(options, screen, life)
    const { summary, faults } = await perform(run)
    json = options.json ? `${JSON.stringify(summary)}\n` : ''
    if (options.keep) {
      process.stdout.write(json)
      json = ''
      await goOn(run)
    }
    return faults.length === 0 ? 0 : 1
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    return EXIT_CODES[interruption.signal.reason.signal]
  } finally {
    screen.close()
    for (const close of closers.toReversed()) await close()
    interruption.forget()
    process.stdout.write(json)
  }
}

async function openRun(options, screen, life) {
  const stage = await openStage(options, life)
  const source = plan(options.seed)
  const messages = Array.from({ length: options.messages }, () => source.next().value)
  messages.forEach(stage.receiver.expect)
  const tally = createTally()
  const end = new AbortController()
  const following = follow(stage.queue, tally, end.signal)
  following.catch(() => {}) // a verdict needs no feed; the figures that come from it would be too low, and show it
  life.onClose(async () => {
    end.abort()
    await following.catch(() => {})
  })
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1000
  screen.print(greeting(options, stage))
  return { ...stage, options, screen, signal: life.signal, source, messages, tally, seconds, sent: 0 }
}

const greeting = ({ messages, seed }, { url, prefix, receiver, dashboard }) => `
Redrive: ${messages} GitHub webhooks on their way to ${receiver.url}, seed ${seed}.
The receiver answers 200, 500, 429 or 400, hangs, or cuts the connection. Half-way one of two workers is killed.
${dashboard ? `\nLook inside: ${dashboard}\n` : `Look inside meanwhile: npx redrive stats --redis ${url}${prefix === 'rd' ? '' : ` --prefix ${prefix}`}`}`

/** Sends everything, watches until everything is settled, and judges. */
async function perform(run) {
  const { options, queue, tally, workers } = run
  planCrash({ ...run, isTime: () => tally.settled >= options.messages / 2 })
  const sending = sendEvenly(queue, run.messages, { signal: run.signal, onSent: () => run.sent++ })
  const watching = watch(run, ({ succeeded = 0, dead = 0 }) => succeeded + dead >= options.messages)
  await Promise.race([Promise.all([sending, watching]), ...workers.map(({ failed }) => failed)])
  const seconds = run.seconds()
  await feedCatchesUp(run)
  return conclude(run, seconds)
}

/** Shows the populations again and again until they are as they should be, or it has taken far too long. */
async function watch(run, isOver) {
  const { options, queue, screen, signal } = run
  const deadline = run.seconds() + 60 + options.messages / 20
  for (;;) {
    const { states } = await queue.stats()
    screen.show(sceneOf(run, states))
    if (isOver(states) || run.seconds() > deadline) return
    await sleep(FRAME_MS, undefined, { signal })
  }
}

function sceneOf({ seconds, sent, options, workers, receiver, tally }, states) {
  const outcomes = {}
  for (const { outcome } of receiver.log) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const crew = workers.map(({ name, pid, killed }) => {
    const deliveries = receiver.log.filter(({ worker }) => worker === name).length
    return { name, pid, killed, deliveries, inFlight: receiver.inFlight(name) }
  })
  return { seconds: seconds(), sent, total: Math.max(options.messages, sent), states, workers: crew, outcomes, tally }
}

async function feedCatchesUp({ tally, options, signal }) {
  const deadline = performance.now() + FEED_PATIENCE_MS
  while (tally.settled < options.messages && performance.now() < deadline) await sleep(20, undefined, { signal })
}

async function conclude(run, seconds) {
  const { receiver, workers, tally, options, sent, screen } = run
  const judgement = verdict(await accountsOf(run), receiver.log)
  const facts = { verdict: judgement, tally, sent, deliveries: receiver.log.length, seconds, seed: options.seed }
  const summary = summarise(facts)
  const killed = workers.find((worker) => worker.killed)
  screen.print(`\n${summaryText(summary, judgement, killed, screen.color)}`)
  return { summary, faults: judgement.faults }
}

/** From the messages themselves, not from anything that was counted on the way. */
async function accountsOf({ queue, messages }) {
  const accounts = []
  for (let i = 0; i < messages.length; i += PAGE) {
    const page = messages.slice(i, i + PAGE).map(async (sent) => ({ sent, stored: await queue.get(sent.id) }))
    accounts.push(...(await Promise.all(page)))
  }
  return accounts
}

/** More of the same for one to look at, until a signal ends it. */
async function goOn(run) {
  run.screen.print(`\nIt goes on with more messages at ${run.dashboard}; Ctrl-C ends it.`)
  run.receiver.remember(REMEMBERED)
  const onSent = (message) => {
    run.receiver.expect(message)
    run.sent++
  }
  const sending = sendForEver(run.queue, run.source, { signal: run.signal, onSent })
  await Promise.race([sending, watchForEver(run), ...run.workers.map(({ failed }) => failed)])
}

async function watchForEver(run) {
  for (;;) await watch(run, () => false)
}

function listenForSignals() {
  const controller = new AbortController()
  const onSignal = (signal) => {
    if (controller.signal.aborted) process.exit(EXIT_CODES[signal])
    controller.abort(Object.assign(new Error(`ended by ${signal}`), { signal }))
  }
  for (const signal of Object.keys(EXIT_CODES)) process.on(signal, onSignal)
  return {
    signal: controller.signal,
    forget: () => Object.keys(EXIT_CODES).forEach((signal) => process.off(signal, onSignal)),
  }
}
