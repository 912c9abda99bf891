import type { Command } from 'commander'
import type { Runner } from '../session.ts'
import { addCheck } from './machines/check.ts'
import { addMachinesLs } from './machines/ls.ts'
import { addMigrate } from './machines/migrate.ts'
import { addMachinesShow } from './machines/show.ts'

export function addMachines(program: Command, runner: Runner): void {
  const machines = program
    .command('machines')
    .description('the machines of the queues, and the versions that messages are in')
  for (const add of [addMachinesLs, addMachinesShow, addCheck, addMigrate]) add(machines, runner)
}
