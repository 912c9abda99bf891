import { Redis } from 'ioredis'
import { chromium } from 'playwright-core'
import { startFlood } from './flood.mjs'
import { CHROMIUM_FLAGS, findChromium } from '../../find-chromium.mjs'
import { startServer } from '../server.mjs'
import { median, quantile } from '../statistics.mjs'
import { start } from './processes.mjs'

/** How quickly the page comes up, and how smoothly it goes on under 10,000 transitions a second. */
export async function measurePage({ rounds, seconds }) {
  const redis = await startServer()
  const processes = []
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
  try {
    const board = await start('server.mjs', redis.socket)
    processes.push(board)
    const worker = await start('announcer.mjs', redis.socket)
    processes.push(worker)
    const loads = []
    for (let i = 0; i < rounds; i++) loads.push(await load(browser, board.ready))
    await worker.end()
    processes.splice(processes.indexOf(worker), 1)
    const smooth = await underLoad({ browser, link: board.ready, redis, seconds, board })
    for (const each of processes.splice(0)) await each.end()
    const of = (name) => Math.round(median(loads.map((each) => each[name])))
    return {
      load: { rounds, firstPaintMs: of('paint'), chartMs: of('chart'), liveMs: of('live'), kilobytes: of('kilobytes') },
      ...smooth,
    }
  } finally {
    for (const each of processes) each.kill()
    await browser.close()
    await redis.close()
  }
}

/** A visitor who was never here: nothing is in a cache. */
async function load(browser, link) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  let bytes = 0
  const wire = await context.newCDPSession(page)
  await wire.send('Network.enable')
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.addInitScript(() => {
    const seen = (name, selector) => {
      const look = () => {
        if (document.querySelector(selector)) globalThis[name] = performance.now()
        else requestAnimationFrame(look)
      }
      look()
    }
    seen('chartAt', '.chart [data-state]')
    seen('liveAt', '.dot:not([style*="none"]), .chart .count')
  })
  await page.goto(`${link}#/q/bench`)
  await page.waitForFunction(() => globalThis.liveAt !== undefined)
  const figures = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    chart: globalThis.chartAt,
    live: globalThis.liveAt,
  }))
  await context.close()
  return { ...figures, kilobytes: bytes / 1000 }
}

const WANTED = 10_000

/** Frames and long tasks of an open page while transitions are announced, and the CPU time of the dashboard's process. */
async function underLoad({ browser, link, redis, seconds, board }) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(`${link}#/q/bench`)
  await page.locator('.chart [data-state]').first().waitFor()
  const calm = await frames(page, Math.min(seconds, 5))
  const publisher = new Redis(redis.socket)
  try {
    const flood = startFlood(publisher, WANTED)
    // The rates are those of the last five whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 6000))
    const before = await board.ask('cpu')
    const busy = await frames(page, seconds)
    const cpu = (await board.ask('cpu')) - before
    const { perSecond } = await flood.stop()
    return {
      calm,
      busy: { ...busy, announcedPerSecond: perSecond, dashboardCpuPercent: Math.round(cpu / seconds / 1e4) },
    }
  } finally {
    publisher.disconnect()
    await page.close()
  }
}

async function frames(page, seconds) {
  const { gaps, tasks } = await page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const [gaps, tasks] = [[], []]
        const observer = new PerformanceObserver((list) =>
          tasks.push(...list.getEntries().map(({ duration }) => duration)),
        )
        observer.observe({ type: 'longtask' })
        const begun = performance.now()
        let last = begun
        const frame = (now) => {
          gaps.push(now - last)
          last = now
          if (now - begun < ms) return requestAnimationFrame(frame)
          observer.disconnect()
          resolve({ gaps: gaps.slice(1), tasks })
        }
        requestAnimationFrame(frame)
      }),
    seconds * 1000,
  )
  return {
    framesPerSecond: Math.round(gaps.length / seconds),
    frameMs: {
      p50: Math.round(quantile(gaps, 0.5)),
      p99: Math.round(quantile(gaps, 0.99)),
      max: Math.round(Math.max(...gaps)),
    },
    longTasks: { count: tasks.length, longestMs: Math.round(Math.max(0, ...tasks)) },
  }
}
