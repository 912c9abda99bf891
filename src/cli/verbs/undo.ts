import type { Command } from 'commander'
import { actorName } from '../actor.ts'
import { EXIT } from '../failure.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { examples } from '../usage.ts'

export function addUndo(program: Command, runner: Runner): void {
  program
    .command('undo')
    .description('bring back what an operation has deleted within the last hour')
    .argument('<queue>')
    .argument('<operation>', 'its id, as `rm` and `audit` tell it')
    .addHelpText('after', examples('redrive undo emails op-2hXk0a9QZ1yD'))
    .action((queue: string, operation: string, _: object, command: Command) =>
      runner.run(command, (session) => undo(session, queue, operation)),
    )
}

async function undo(session: Session, name: string, operation: string): Promise<number> {
  return withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive).open(name)
    const result = await queue.undo(operation, { actor: actorName() })
    const { restored, present, gone } = result
    session.output.record({ queue: name, operation, ...result }, () => {
      const others = present > 0 ? `, ${present} were sent again meanwhile` : ''
      return `${restored} brought back${others}${gone > 0 ? `, ${gone} are kept no more` : ''}`
    })
    return restored > 0 ? EXIT.ok : EXIT.notFound
  })
}
