import type { Command } from 'commander'
import { examine, type Examination } from '../../client/doctor/examine.ts'
import { isOpen, type Finding, type Severity } from '../../client/doctor/finding.ts'
import { DEFAULTS } from '../../options.ts'
import { EXIT } from '../failure.ts'
import { printable } from '../printable.ts'
import type { Runner, Session } from '../session.ts'
import { facts } from '../table.ts'
import type { Colors } from '../terminal.ts'
import { examples, usage } from '../usage.ts'

interface DoctorOptions {
  readonly full?: true
  readonly repair?: true
  readonly yes?: true
}

export function addDoctor(program: Command, runner: Runner): void {
  program
    .command('doctor')
    .description('examine the server and the stored messages; exit code 5 when there is something to mend')
    .option('--full', 'look at all messages, not at a sample')
    .option('--repair', 'look at all, and rebuild indexes from the messages; workers may go on')
    .option('--yes', 'with --repair: also take out for good what has no message any more')
    .addHelpText('after', examples('redrive doctor', 'redrive doctor --full --json', 'redrive doctor --repair'))
    .action((options: DoctorOptions, command: Command) => runner.run(command, (session) => doctor(session, options)))
}

async function doctor(session: Session, { full, repair, yes }: DoctorOptions): Promise<number> {
  if (yes && !repair) throw usage('--yes belongs to --repair: it lets a repair take out what has no message any more.')
  const { output } = session
  const examination = await examine({
    redis: session.address ?? DEFAULTS.redis,
    prefix: session.prefix ?? DEFAULTS.prefix,
    commandTimeout: DEFAULTS.commandTimeout,
    full: full === true,
    repair: repair === true,
    remove: yes === true,
  })
  const findings = examination.findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity])
  output.records(findings, () => findings.map((each) => textOf(each, output.colors)).join('\n\n'))
  output.note(summary(examination))
  return findings.some(isOpen) ? EXIT.misfit : EXIT.ok
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

function textOf(finding: Finding, colors: Colors): string {
  const { code, severity, queue, found, why, mend, command, examples: ids = [], count = 0, repaired = 0 } = finding
  const color = { error: colors.red, warning: colors.yellow, info: colors.dim }[severity]
  const head = `${color(severity)}  ${colors.bold(code)}${queue === undefined ? '' : `  ${queue}`}`
  const rows = [
    ['found', printable(found)],
    ['such as', ids.length === 0 ? undefined : ids.map(printable).join(', ')],
    ['why', why],
    ['mend', isOpen(finding) || severity === 'info' ? mend : undefined],
    ['', isOpen(finding) ? command : undefined],
    ['repaired', repaired === 0 ? undefined : count === 0 ? 'yes' : `${repaired} of ${count}`],
  ] as const
  return `${head}\n${indented(facts(rows, colors))}`
}

const indented = (text: string): string => text.replaceAll(/^/gm, '  ')

function summary({ server, queues, messages, members, full, findings }: Examination): string {
  const open = findings.filter(isOpen).length
  const extent = full ? 'all of them' : 'a sample; --full looks at all'
  const looked = `looked at ${countText(messages, 'message')} and ${countText(members, 'entry', 'entries')} of ${countText(queues, 'queue')}, ${extent}`
  return `${server}: ${looked}. ${open === 0 ? 'Nothing to mend' : `${open} to mend`}`
}

const countText = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
