import type { Command } from 'commander'
import { defineQueues } from '../module.ts'
import { serve, type Service } from '../serve.ts'
import { connect, newClient, type Runner, type Session } from '../session.ts'
import { examples, wholeNumber } from '../usage.ts'

interface ServerOptions {
  readonly module?: string
  readonly port?: number
  readonly host?: string
  readonly token?: string
  readonly readOnly?: true
}

export function addDashboard(program: Command, runner: Runner): void {
  program
    .command('dashboard')
    .description('serve the dashboard: the charts of all queues with their messages, live')
    .option('--module <file>', 'defines the queues that have a machine of their own; a shown chart needs it')
    .option('--port <number>', 'default: 4747; 0 takes any', wholeNumber('--port', { min: 0, max: 65_535 }))
    .option('--host <address>', 'default: 127.0.0.1, which this machine alone can reach')
    .option('--token <text>', 'wanted from every visitor (or REDRIVE_DASHBOARD_TOKEN); for another host one is made')
    .option('--read-only', 'refuse whatever changes something')
    .addHelpText(
      'after',
      examples('redrive dashboard', 'redrive dashboard --module worker.mjs --read-only --port 8080'),
    )
    .action((options: ServerOptions, command: Command) =>
      runner.run(command, (session) => serveDashboard(session, options)),
    )
}

async function serveDashboard(session: Session, { module, ...options }: ServerOptions): Promise<number> {
  const redrive = newClient(session)
  try {
    const start = async (): Promise<Service> => {
      await connect(session, redrive)
      if (module !== undefined) await defineQueues(redrive, module)
      const { startDashboard } = await import('../../dashboard/server/standalone.ts')
      const token = options.token ?? (session.terminal.env['REDRIVE_DASHBOARD_TOKEN'] || undefined)
      const { link, close } = await startDashboard(redrive, { ...options, token })
      session.output.record({ dashboard: link }, () => `dashboard ${link}`)
      return { stop: close }
    }
    return await serve(session.interruption, start)
  } finally {
    await redrive.close()
  }
}
