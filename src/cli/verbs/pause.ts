import type { Command } from 'commander'
import { actorName } from '../actor.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { examples } from '../usage.ts'

export function addPause(program: Command, runner: Runner): void {
  program
    .command('pause')
    .description('let workers claim nothing more from a queue; what they have begun they end')
    .argument('<queue>')
    .addHelpText('after', examples('redrive pause emails'))
    .action((queue: string, _: object, command: Command) =>
      runner.run(command, (session) => steer(session, queue, true)),
    )
}

export function addResume(program: Command, runner: Runner): void {
  program
    .command('resume')
    .description('let a paused queue go on')
    .argument('<queue>')
    .addHelpText('after', examples('redrive resume emails'))
    .action((queue: string, _: object, command: Command) =>
      runner.run(command, (session) => steer(session, queue, false)),
    )
}

async function steer(session: Session, name: string, paused: boolean): Promise<void> {
  await withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive).open(name)
    await (paused ? queue.pause({ actor: actorName() }) : queue.resume({ actor: actorName() }))
    session.output.record({ queue: name, paused }, () => `${name}  ${paused ? 'paused' : 'goes on'}`)
  })
}
