import { StateMachine, type AnyActorLogic, type AnyStateMachine } from 'xstate'
import { nearest, RedriveError } from '../errors.ts'
import { allNodes, transitionsOf, type AnyStateNode } from './nodes.ts'

export interface Verdict {
  readonly warnings: readonly string[]
  readonly sources: readonly string[]
}

/**
 * The checks of a registration. XState is lenient where a durable message cannot be: a missing delay fires at once, a missing
 * action is skipped, a missing guard throws in the middle of a step. Here each is refused before the first message is stored.
 * @throws RedriveError `E_INVALID_MACHINE`
 */
export function validateMachine(machine: AnyStateMachine): Verdict {
  if (!(machine instanceof StateMachine)) {
    throw new RedriveError(
      'E_INVALID_MACHINE',
      'machine must be a machine of XState 5, as createMachine() or setup().createMachine() return it.',
    )
  }
  const problems: string[] = []
  const warnings: string[] = []
  const sources = new Set<string>()
  if (machine.config.id === undefined)
    problems.push('the machine has no id: stored messages are tied to it. Add id: "…" to its config')
  else if (!/^[\w.-]{1,80}$/.test(machine.id))
    problems.push(`the machine's id ${JSON.stringify(machine.id)} must be 1 to 80 letters, digits and . _ -`)
  if (machine.version !== undefined && !/^[\w.+-]{1,40}$/.test(machine.version))
    problems.push(
      `the machine's version ${JSON.stringify(machine.version)} must be 1 to 40 letters, digits and . _ + -`,
    )

  if (Object.keys(machine.states).length === 0)
    problems.push('the machine has no states: a message is always in one. Add states: { … } and an initial one')

  const findings = { problems, warnings, sources }
  for (const node of allNodes(machine.root)) {
    checkInvokes(machine, node, findings)
    checkReferences(machine, node, findings)
  }
  checkImplementations(machine, findings)
  if (problems.length > 0) {
    throw new RedriveError('E_INVALID_MACHINE', `"${machine.id}" cannot be made durable:\n- ${problems.join('\n- ')}`, {
      problems,
    })
  }
  return { warnings, sources: [...sources] }
}

interface Findings {
  readonly problems: string[]
  readonly warnings: string[]
  readonly sources: Set<string>
}

function checkInvokes(machine: AnyStateMachine, node: AnyStateNode, { problems, warnings, sources }: Findings): void {
  const configured = [node.config.invoke ?? []].flat() as { id?: string; src?: unknown }[]
  node.invoke.forEach((invoke, i) => {
    // XState's getter gives inline logic a name of its own, `xstate.invoke.…`.
    const src = invoke.src as string
    const at = `state "${node.id}" invokes "${src}"`
    sources.add(src)
    if (`${invoke.id}${src}`.includes('\n')) problems.push(`${at}, and the line feed in its name cannot be stored`)
    if (configured[i]?.id === undefined) {
      warnings.push(
        `${at} without an id: "${invoke.id}" ties stored messages to its position in the chart. Add id: "…" to the invoke`,
      )
    }
    const logic = actorLogic(machine, src)
    const fault = logic && logicFault(logic)
    if (fault) problems.push(`${at}, ${fault}`)
  })
}

/** What a machine implements for an invoked source, by name or in the invoke itself, which XState names by its position. */
export function actorLogic(machine: AnyStateMachine, src: string): AnyActorLogic | undefined {
  const [, index, nodeId] = /^xstate\.invoke\.(\d+)\.(.*)$/s.exec(src) ?? []
  if (nodeId === undefined) return machine.implementations.actors[src] as AnyActorLogic | undefined
  const { invoke } = machine.getStateNodeById(`#${nodeId}`).config
  return ([invoke].flat()[Number(index)] as { src: AnyActorLogic } | undefined)?.src
}

/** Why a kind of actor logic cannot be run by a worker; `undefined` for promises, whose result is one durable event. */
function logicFault(logic: AnyActorLogic): string | undefined {
  if (logic instanceof StateMachine)
    return 'which is a machine: invoked machines are not durable yet. Send it as a message of its own queue'
  if (isPromiseLogic(logic)) return undefined
  return 'which is a callback, an observable or a transition function: what it sends between start and end would be lost with its process. Use fromPromise, or a handler'
}

/** Promise logic has no mark of its own, but only it takes this event to its end. */
function isPromiseLogic(logic: AnyActorLogic): boolean {
  try {
    const probe = { status: 'active', output: undefined, error: undefined, input: undefined }
    const event = { type: 'xstate.promise.resolve', data: 1 }
    const next = logic.transition(probe, event, { self: {}, system: {} } as never) as {
      status?: string
      output?: unknown
    }
    return next.status === 'done' && next.output === 1
  } catch {
    return false
  }
}

function checkReferences(machine: AnyStateMachine, node: AnyStateNode, findings: Findings): void {
  const { actions, guards } = machine.implementations
  const at = `state "${node.id}"`
  const transitions = transitionsOf(node)
  const initial = node.initial.actions
  for (const action of [...node.entry, ...node.exit, ...initial, ...transitions.flatMap((each) => each.actions)]) {
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

function checkName(kind: string, name: string, known: object, at: string, { problems }: Findings): void {
  if (name in known) return
  const near = nearest(name, Object.keys(known))
  problems.push(
    `${at} names the ${kind} "${name}", which is not implemented${near ? `. Did you mean "${near}"?` : `. Add it to setup({ ${kind}s }) or provide()`}`,
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

function checkSpawn(machine: AnyStateMachine, { id, src }: BuiltIn, at: string, { problems, sources }: Findings): void {
  if (!id)
    problems.push(
      `${at} spawns an actor without an id: its result could not find the way back. Add id: "…" to spawnChild()`,
    )
  if (typeof src !== 'string') {
    problems.push(
      `${at} spawns an actor that has no name: it could not be started again. Add it to setup({ actors }) and spawn it by its name`,
    )
    return
  }
  sources.add(src)
  const logic = actorLogic(machine, src)
  const fault = logic && logicFault(logic)
  if (fault) problems.push(`${at} spawns "${src}", ${fault}`)
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
