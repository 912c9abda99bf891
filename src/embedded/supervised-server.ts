import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { supervisorSource } from './supervisor-source.ts'

/** How a run of the server ended, with the last lines that it wrote. */
export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly log: readonly string[]
}

interface Job {
  readonly binary: string
  readonly config: string
  /** Files and directories that are removed after the last run, even if this process is no more. */
  readonly remove: readonly string[]
}

type Report = { started: number } | { exited: ServerExit }

interface Run {
  readonly started: Promise<number>
  readonly exited: Promise<ServerExit>
  report(report: Report): void
}

const ORPHANED: Report = { exited: { code: null, signal: null, log: ['The supervisor of the server has ended.'] } }

/** The parent's end of `supervisor.mjs`: one server that can run several times, and that never outlives this process. */
export class SupervisedServer {
  readonly #supervisor: ChildProcess
  readonly #left: Promise<{ clean: boolean }>
  #run: Run | undefined
  #serverPid: number | undefined
  #orphaned = false

  constructor(job: Job) {
    this.#supervisor = spawn(process.execPath, ['--input-type=module', '--eval', supervisorSource()], {
      stdio: ['pipe', 'pipe', 'ignore'],
      // Its own process group: a Ctrl-C at the terminal must reach the program first, and the server only when that is done.
      detached: true,
      // The options of this process, an inspector port for one, are not meant for it.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#left = new Promise((resolve) => {
      this.#supervisor.once('exit', (code) => this.#supervisorExited(code, resolve))
      this.#supervisor.once('error', () => this.#supervisorExited(null, resolve))
    })
    this.#supervisor.stdin!.on('error', () => {}) // the supervisor is gone; its exit is handled
    createInterface({ input: this.#supervisor.stdout! }).on('line', (line) => {
      const report = JSON.parse(line) as Report
      this.#serverPid = 'started' in report ? report.started : undefined
      this.#run?.report(report)
    })
    this.#order(job)
  }

  /** Of the supervisor. */
  get pid(): number | undefined {
    return this.#supervisor.pid
  }

  get running(): boolean {
    return this.#serverPid !== undefined
  }

  /** Settles when the current run is over. */
  get exited(): Promise<ServerExit> {
    return this.#run?.exited ?? Promise.resolve({ code: null, signal: null, log: [] })
  }

  /** Resolves to the pid of the server; undefined when it could not even be started. Readiness is another matter. */
  start(): Promise<number | undefined> {
    const run = newRun()
    this.#run = run
    if (this.#orphaned) run.report(ORPHANED)
    else this.#order('start')
    return Promise.race([run.started, run.exited.then(() => undefined)])
  }

  /** SIGTERM, and SIGKILL three seconds later. */
  async end(): Promise<void> {
    if (!this.running) return
    this.#order('end')
    await this.exited
  }

  /** Ends the server and the supervisor. `clean` is false when the supervisor could not remove what it was told to. */
  close(): Promise<{ clean: boolean }> {
    this.#supervisor.stdin!.end()
    return this.#left
  }

  /** A server that idles must not keep a program alive; one that is being waited for must. */
  holdProcess(hold: boolean): void {
    const handles = [this.#supervisor, this.#supervisor.stdin as Socket, this.#supervisor.stdout as Socket]
    for (const handle of handles) {
      if (hold) handle.ref()
      else handle.unref()
    }
  }

  #order(order: Job | 'start' | 'end'): void {
    this.#supervisor.stdin!.write(`${JSON.stringify(order)}\n`)
  }

  #supervisorExited(code: number | null, left: (how: { clean: boolean }) => void): void {
    // If somebody killed the supervisor, its duty falls back on this process. At once, since the directory is given up next;
    // what the server has acknowledged, it has also written.
    if (this.#serverPid !== undefined) killNow(this.#serverPid)
    this.#serverPid = undefined
    this.#orphaned = true
    this.#run?.report(ORPHANED)
    left({ clean: code === 0 })
  }
}

function newRun(): Run {
  let onStarted: (pid: number) => void
  let onExited: (exit: ServerExit) => void
  return {
    started: new Promise((resolve) => (onStarted = resolve)),
    exited: new Promise((resolve) => (onExited = resolve)),
    report: (report) => ('started' in report ? onStarted(report.started) : onExited(report.exited)),
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
