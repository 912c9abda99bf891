import type { AnyMachineSnapshot } from 'xstate'
import { samePath, timerAddress, timerPlace, type Path } from './address.ts'
import type { Effect } from './effects.ts'
import { allNodes, type AnyStateNode } from './nodes.ts'
import type { DurableMachine } from './registry.ts'
import type { Timer } from './snapshot.ts'

/** A timer that a message has, by the parts of XState's id `xstate.after.<name>.<id of its state>`. */
export interface PendingTimer {
  readonly timer: Timer
  /** The key under which the message holds it. */
  readonly key: string
  /** The actor that set it. */
  readonly path: Path
  readonly id: string
  /** Its delay: a name of `setup({ delays })`, a number, or the whole id of what is no `after`. */
  readonly name: string
  /** Its state: the part of the id behind the name. */
  readonly place: string
  /** The same state in the new version, where that has it. */
  readonly node: AnyStateNode | undefined
}

/** A timer that a state of the new version has. */
export interface TimerSlot {
  readonly path: Path
  readonly id: string
  readonly name: string
  readonly node: AnyStateNode
}

/** Which timers go on as which. */
export type Carried = ReadonlyMap<PendingTimer, TimerSlot>

/** What the states of a snapshot have, and those of the actors below it. */
export function slotsOf(snapshot: AnyMachineSnapshot, path: Path = []): TimerSlot[] {
  // oxlint-disable-next-line no-underscore-dangle -- XState's only list of the states that a snapshot is in
  const nodes = (snapshot._nodes ?? []) as readonly AnyStateNode[]
  const own = nodes.flatMap((node) =>
    (node.after as readonly { delay: unknown; eventType: string }[]).map(({ delay, eventType }) => ({
      path,
      id: eventType,
      name: String(delay),
      node,
    })),
  )
  const children = (snapshot.children ?? {}) as Readonly<Record<string, { getSnapshot(): unknown } | undefined>>
  const below = Object.entries(children).flatMap(([id, actor]) =>
    slotsOf((actor?.getSnapshot() ?? {}) as AnyMachineSnapshot, [...path, id]),
  )
  return [...own, ...below]
}

/** @param root id of the root state in the version that the message comes from, where that is known. */
export function pendingTimers(
  machine: DurableMachine,
  timers: ReadonlyMap<string, Timer>,
  root: string,
): PendingTimer[] {
  const nodes = machine.members.flatMap((member) => [...allNodes(member.machine.root)])
  return [...timers].map(([key, timer]) => {
    const { source: path, id } = timerAddress(key)
    return { timer, key, path, id, ...partsOf(id, nodes, root) }
  })
}

function partsOf(
  id: string,
  nodes: readonly AnyStateNode[],
  root: string,
): Pick<PendingTimer, 'name' | 'place' | 'node'> {
  const [, rest] = /^xstate\.after\.(.*)$/s.exec(id) ?? []
  if (rest === undefined) return { name: id, place: '', node: undefined }
  const known = nodes
    .flatMap((node) => placesOf(node, root).map((place) => ({ node, place })))
    .filter(({ place }) => rest.endsWith(`.${place}`))
    .toSorted((a, b) => b.place.length - a.place.length)[0]
  if (known) return { ...known, name: rest.slice(0, -known.place.length - 1) }
  const at = ends(rest, root)
  return { name: rest.slice(0, at), place: rest.slice(at + 1), node: undefined }
}

/** How the state may have been called before: the id of the machine may have come, gone or changed since. */
function placesOf(node: AnyStateNode, root: string): string[] {
  const path = node.path as readonly string[]
  if (node.id !== [node.machine.root.id, ...path].join('.')) return [node.id]
  return [...new Set([node.id, [root, ...path].join('.'), [UNNAMED, ...path].join('.')])]
}

/** What XState calls a machine without an id. */
const UNNAMED = '(machine)'

/** Where the name of a delay ends whose state is not known here. */
function ends(rest: string, root: string): number {
  const at = [root, UNNAMED].map((id) => rest.indexOf(`.${id}.`)).find((index) => index > 0)
  const [number] = /^\d+(\.\d+)?(?=\.)/.exec(rest) ?? []
  return at ?? number?.length ?? (rest.includes('.') ? rest.indexOf('.') : rest.length)
}

const isLiteral = (name: string): boolean => /^\d+(\.\d+)?$/.test(name)

/**
 * Pairs timers with those of the new version: the very same; the same name in the same state; with `elsewhere`, in another state; and the
 * one delay of a state that was a number, or is one now. What fits two is left out: nobody but the user can say which is meant.
 */
export function carry(pending: readonly PendingTimer[], slots: readonly TimerSlot[], elsewhere: boolean): Carried {
  const carried = new Map<PendingTimer, TimerSlot>()
  const rules: readonly Fits[] = [
    (timer, slot) => timer.id === slot.id,
    (timer, slot) => timer.node === slot.node && timer.name === slot.name,
    ...(elsewhere ? [closest(pending, slots), sameName] : []),
    (timer, slot) => timer.node === slot.node && isLiteral(timer.name) && isLiteral(slot.name),
    (timer, slot) => timer.node === slot.node && (isLiteral(timer.name) || isLiteral(slot.name)),
  ]
  for (const rule of rules) pairUp(pending, slots, carried, rule)
  return carried
}

type Fits = (timer: PendingTimer, slot: TimerSlot) => boolean

const sameName: Fits = (timer, slot) => timer.name === slot.name

/** Those that fit nothing else. */
function pairUp(
  pending: readonly PendingTimer[],
  slots: readonly TimerSlot[],
  carried: Map<PendingTimer, TimerSlot>,
  rule: Fits,
): void {
  const taken = new Set(carried.values())
  const timers = pending.filter((timer) => !carried.has(timer))
  const free = slots.filter((slot) => !taken.has(slot))
  const fits: Fits = (timer, slot) => samePath(timer.path, slot.path) && rule(timer, slot)
  for (const timer of timers) {
    const [slot, ...others] = free.filter((each) => fits(timer, each))
    if (slot && others.length === 0 && timers.filter((each) => fits(each, slot)).length === 1) carried.set(timer, slot)
  }
}

/** Of several of one name, such as those of parallel regions, the one whose state is called most alike. */
function closest(pending: readonly PendingTimer[], slots: readonly TimerSlot[]): Fits {
  return (timer, slot) => {
    if (!sameName(timer, slot)) return false
    const best = Math.max(
      ...slots.filter((each) => sameName(timer, each)).map((each) => likeness(timer, each)),
      ...pending.filter((each) => sameName(each, slot)).map((each) => likeness(each, slot)),
    )
    return likeness(timer, slot) === best
  }
}

/** Names that two ways down have in common, from both ends. */
function likeness({ place }: PendingTimer, { node }: TimerSlot): number {
  const [, ...before] = place.split('.')
  const after = node.path as readonly string[]
  const same = (one: readonly string[], other: readonly string[]): number => {
    const first = one.findIndex((key, i) => key !== other[i])
    return first < 0 ? one.length : first
  }
  return same(before, after) + same(before.toReversed(), [...after].toReversed())
}

/** What is to be done so that each goes on as another, with its due time or a given one. */
export function carryEffects(carried: Carried, dues: ReadonlyMap<PendingTimer, number>): Effect[] {
  const changes = [...carried].filter(([timer, slot]) => timer.id !== slot.id || dues.has(timer))
  return [
    ...changes.map(([{ key }]) => ({ type: 'timer.cancel', id: key }) as const),
    ...changes.map(([timer, { path, id }]) => ({
      type: 'timer.set' as const,
      at: timerPlace(path, path, id),
      id,
      event: { type: id },
      delay: 0,
      due: dues.get(timer) ?? timer.timer.due ?? 0,
      was: timer.key,
    })),
  ]
}
