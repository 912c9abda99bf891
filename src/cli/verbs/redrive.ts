import type { Command } from 'commander'
import { addChange } from '../change.ts'
import type { Runner } from '../session.ts'

export function addRedrive(program: Command, runner: Runner): void {
  addChange(program, runner, {
    name: 'redrive',
    description: 'send dead messages on their way again, and failed ones back to where they failed',
    question: 'Redrive',
    outcome: 'redriven',
    event: 'REDRIVE',
    action: 'redrive',
    destructive: false,
    examples: [
      'redrive redrive emails e1 --wait 5s',
      'redrive redrive emails --state dead --error-name AddressError --rate 20',
      'redrive redrive orders --state ~failed',
    ],
  })
}
