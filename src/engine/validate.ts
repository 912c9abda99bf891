import { StateMachine, type AnyStateMachine } from 'xstate'
import { nearest, RedriveError } from '../errors.ts'
import { show } from '../options.ts'
import { actorLogic, DURABLE_INSTEAD, kindOf } from './logic.ts'
import { membersOf, type Member } from './members.ts'
import { unhandledErrors, type UnhandledError } from './unhandled-errors.ts'
import { actionsOf, allNodes, initialOf, transitionsOf, type AnyStateNode } from './nodes.ts'

/** The headings of `docs/reference/machine-checks.md`: each check is told there at length, with its mend. */
export const CHECKS = Object.freeze([
  'not-a-machine',
  'another-xstate',
  'machine-id',
  'machine-version',
  'unknown-state',
  'unknown-action',
  'unknown-guard',
  'unknown-delay',
  'live-actor',
  'actor-name',
  'invoke-id',
  'shared-invoke-id',
  'spawn-id',
  'spawn-name',
  'unhandled-error',
] as const)

type Check = (typeof CHECKS)[number]

/** A fault, and where to read on. */
const fault = (check: Check, text: string): string =>
  `${text}${/[.?]$/.test(text) ? '' : '.'} See docs/reference/machine-checks.md#${check}`

export interface Verdict {
  readonly warnings: readonly string[]
  /** The machine, and all that it invokes or spawns, however deep. */
  readonly members: readonly Member[]
}

/**
 * The checks of a registration. XState is lenient where a durable message cannot be: a missing delay fires at once, a missing
 * action is skipped, a missing guard throws in the middle of a step. Here each is refused before the first message is stored.
 * @throws RedriveError `E_INVALID_MACHINE`
 */
export function validateMachine(machine: AnyStateMachine): Verdict {
  if (!(machine instanceof StateMachine)) throw new RedriveError('E_INVALID_MACHINE', noMachine(machine))
  const problems: string[] = []
  const warnings: string[] = []
  problems.push(...checkIdentity(machine))
  const members = membersOf(machine)
  for (const member of members) {
    const found = checkMachine(member.machine)
    const where = member.key === '' ? '' : `in its "${member.key}", `
    problems.push(...new Set(found.problems.map((problem) => where + problem)))
    warnings.push(...found.warnings.map((warning) => where + warning))
  }
  if (problems.length > 0) {
    throw new RedriveError(
      'E_INVALID_MACHINE',
      `${machine.config.id ? `"${machine.id}"` : 'a machine'} cannot be made durable:\n- ${problems.join('\n- ')}`,
      {
        problems,
      },
    )
  }
  return { warnings: [...warnings, ...unhandledErrors(members).map(unhandledText)], members }
}

function unhandledText({ member: { key }, node, id, src }: UnhandledError): string {
  const where = key === '' ? '' : `in its "${key}", `
  const what = `state "${node.id}" invokes "${src}" without onError: when it fails, the message ends in ~failed`
  return fault(
    'unhandled-error',
    `${where}${what}. Add onError to the invoke, or "xstate.error.actor.${id}" to the on of a state around it`,
  )
}

function noMachine(given: unknown): string {
  const foreign =
    typeof given === 'object' && given !== null && ['config', 'root', 'getInitialSnapshot'].every((key) => key in given)
  if (!foreign)
    return fault(
      'not-a-machine',
      'machine must be a machine of XState 5, as createMachine() or setup().createMachine() return it.',
    )
  return fault(
    'another-xstate',
    'the machine was made by another copy of xstate than the one that Redrive uses, and the two do not know each other. `npm ls xstate` shows them; there must be one of 5.33 or newer, and a bundler must leave redrive and xstate both out, or neither',
  )
}

/** What stored messages say of their machine. */
function checkIdentity({ id, version, config }: AnyStateMachine): string[] {
  const problems: string[] = []
  // One without an id goes by the name of its queue.
  if (config.id && !/^[^@#\p{C}]{1,80}$/u.test(id))
    problems.push(
      fault('machine-id', `the machine's id ${JSON.stringify(id)} must be 1 to 80 characters without @ and #`),
    )
  if (version !== undefined && !/^[\w.+-]{1,40}$/.test(version))
    problems.push(
      fault(
        'machine-version',
        `the machine's version ${JSON.stringify(version)} must be 1 to 40 letters, digits and . _ + -`,
      ),
    )
  return problems
}

/** What is wrong in one machine, without those that it invokes. */
function checkMachine(machine: AnyStateMachine): Findings {
  const findings: Findings = { problems: [], warnings: [] }
  for (const node of allNodes(machine.root)) {
    checkFirstState(node, findings)
    checkInvokes(machine, node, findings)
    checkReferences(machine, node, findings)
  }
  checkSharedIds(machine, findings)
  checkImplementations(machine, findings)
  return findings
}

interface Findings {
  readonly problems: string[]
  readonly warnings: string[]
}

/** XState looks for the target of a transition when the machine is made, and for these when they are needed. */
function checkFirstState(node: AnyStateNode, { problems }: Findings): void {
  const { initial, target } = node.config as { readonly initial?: unknown; readonly target?: unknown }
  const lost = (what: string, name: unknown, among: AnyStateNode): string => {
    const near = typeof name === 'string' ? nearest(name, Object.keys(among.states)) : undefined
    const mend = near === undefined ? `It has: ${Object.keys(among.states).join(', ')}` : `Did you mean "${near}"?`
    return fault('unknown-state', `${what}, and "${among.id}" has no such state. ${mend}`)
  }
  if (!initialOf(node)) {
    const name = typeof initial === 'object' ? (initial as { readonly target: unknown }).target : initial
    problems.push(lost(`state "${node.id}" begins in ${show(name)}`, name, node))
  }
  if (node.type === 'history' && typeof target === 'string' && !findState(node.parent!, target))
    problems.push(lost(`the history "${node.id}" has ${show(target)} for its default`, target, node.parent!))
}

/** A state by its id behind a `#`, or by its way down from another, as XState looks for the default of a history. */
function findState(from: AnyStateNode, target: string): AnyStateNode | undefined {
  if (target.startsWith('#')) return [...allNodes(from.machine.root)].find(({ id }) => id === target.slice(1))
  return target.split('.').reduce<AnyStateNode | undefined>((node, key) => node?.states[key], from)
}

function checkInvokes(machine: AnyStateMachine, node: AnyStateNode, { problems, warnings }: Findings): void {
  const configured = [node.config.invoke ?? []].flat() as { id?: string; src?: unknown }[]
  node.invoke.forEach((invoke, i) => {
    // XState's getter gives inline logic a name of its own, `xstate.invoke.…`.
    const src = invoke.src as string
    const at = `state "${node.id}" invokes "${src}"`
    if (`${invoke.id}${src}`.includes('\n'))
      problems.push(fault('actor-name', `${at}, and the line feed in its name cannot be stored`))
    if (configured[i]?.id === undefined) {
      warnings.push(
        fault(
          'invoke-id',
          `${at} without an id: "${invoke.id}" ties stored messages to its position in the chart. Add id: "…" to the invoke`,
        ),
      )
    }
    problems.push(...checkLogic(machine, src, at))
  })
}

function checkSharedIds(machine: AnyStateMachine, { warnings }: Findings): void {
  const invoked = [...allNodes(machine.root)].flatMap((node) => node.invoke.map(({ id }) => ({ id, node })))
  for (const [i, { id, node }] of invoked.entries()) {
    const other = invoked.slice(i + 1).find((later) => later.id === id && canMeet(node, later.node))
    if (other)
      warnings.push(
        fault(
          'shared-invoke-id',
          `the states "${node.id}" and "${other.node.id}" can be active at once and both invoke under the id "${id}": only the later actor will run. Give each invoke an id of its own`,
        ),
      )
  }
}

/** Whether two states can be active at once: one is within the other, or they are parted by a parallel state. */
function canMeet(one: AnyStateNode, other: AnyStateNode): boolean {
  const within = (node: AnyStateNode, outer: AnyStateNode): boolean =>
    node === outer || (node.parent !== undefined && within(node.parent, outer))
  let outer = one
  while (!within(other, outer)) outer = outer.parent!
  return outer === one || outer === other || outer.type === 'parallel'
}

/** An actor whose logic cannot be durable. */
function checkLogic(machine: AnyStateMachine, src: string, at: string): string[] {
  const logic = actorLogic(machine, src)
  if (!logic || kindOf(logic) !== 'live') return []
  const why = 'what it sends between start and end would be lost with its process'
  return [fault('live-actor', `${at}, which is a callback or an observable: ${why}. ${DURABLE_INSTEAD}`)]
}

function checkReferences(machine: AnyStateMachine, node: AnyStateNode, findings: Findings): void {
  const { actions, guards } = machine.implementations
  const at = `state "${node.id}"`
  const transitions = transitionsOf(node)
  for (const action of actionsOf(node)) {
    const name = nameOf(action)
    if (name === undefined) checkBuiltIn(machine, action, at, findings)
    else checkName('action', name, actions, at, findings)
  }
  for (const name of transitions.flatMap((transition) => guardNames(transition.guard)))
    checkName('guard', name, guards, at, findings)
}

/** An action of setup() may itself be a spawnChild() or a raise(), and a guard an and() of others. */
function checkImplementations(machine: AnyStateMachine, findings: Findings): void {
  const { actions, guards } = machine.implementations
  for (const [name, action] of Object.entries(actions)) checkBuiltIn(machine, action, `the action "${name}"`, findings)
  for (const [name, guard] of Object.entries(guards))
    for (const other of guardNames(guard)) checkName('guard', other, guards, `the guard "${name}"`, findings)
}

function checkName(
  kind: 'action' | 'guard' | 'delay',
  name: string,
  known: object,
  at: string,
  { problems }: Findings,
): void {
  if (name in known) return
  const near = nearest(name, Object.keys(known))
  problems.push(
    fault(
      `unknown-${kind}`,
      `${at} names the ${kind} "${name}", which is not implemented${near ? `. Did you mean "${near}"?` : `. Add it to setup({ ${kind}s }) or provide()`}`,
    ),
  )
}

interface BuiltIn {
  readonly type?: unknown
  readonly id?: unknown
  readonly src?: unknown
  readonly delay?: unknown
}

/** What spawnChild(), sendTo() and raise() name; an `after` is a raise() to XState. What enqueueActions() will ask for is known only when it does. */
function checkBuiltIn(machine: AnyStateMachine, action: unknown, at: string, findings: Findings): void {
  if (typeof action !== 'function') return
  const { type, id, src, delay } = action as BuiltIn
  if (typeof delay === 'string') checkName('delay', delay, machine.implementations.delays, at, findings)
  if (type === 'xstate.spawnChild') checkSpawn(machine, { id, src }, at, findings)
}

function checkSpawn(machine: AnyStateMachine, { id, src }: BuiltIn, at: string, { problems }: Findings): void {
  if (!id)
    problems.push(
      fault(
        'spawn-id',
        `${at} spawns an actor without an id: its result could not find the way back. Add id: "…" to spawnChild()`,
      ),
    )
  if (typeof src !== 'string') {
    problems.push(
      fault(
        'spawn-name',
        `${at} spawns an actor that has no name: it could not be started again. Add it to setup({ actors }) and spawn it by its name`,
      ),
    )
    return
  }
  problems.push(...checkLogic(machine, src, `${at} spawns "${src}"`))
}

function nameOf(action: unknown): string | undefined {
  if (typeof action === 'string') return action
  if (typeof action === 'object' && action !== null && 'type' in action) return String(action.type)
  return undefined
}

/** Names in a guard, also within and(), or(), not(); those of XState itself (stateIn) are functions. */
function guardNames(guard: unknown): string[] {
  if (typeof guard === 'string') return [guard]
  if (typeof guard === 'function') return 'guards' in guard ? [guard.guards].flat().flatMap(guardNames) : []
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return [String(guard.type)]
  return []
}
