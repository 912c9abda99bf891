import { chunk, isBare, JOURNAL_FIRST_CHUNK, leftoverChunks, pushField } from './layout.ts'
import type { CommitGroup, Recipe } from './round.ts'
import type { CommitEntry, FirstStep, NewMessage } from './store.ts'

export const text = (value: number | undefined): string => (value === undefined ? '' : String(value))

/** By their first steps, each told once for the messages beside each other that share it. */
export function pushNewMessages(args: string[], messages: readonly NewMessage[]): void {
  for (let from = 0, to = 0; from < messages.length; from = to) {
    const { first } = messages[from]!
    while (to < messages.length && messages[to]!.first === first) to++
    if (isBare(first)) args.push(first.state, 'bare', '', first.transition, '0', '1', 'm', first.fields['m']!)
    else pushFirstStep(args, first)
    args.push(String(to - from))
    for (let i = from; i < to; i++) {
      const { id, fields } = messages[i]!
      args.push(id)
      pushCounted(args, (count) => {
        for (const field in fields) count(pushField(args, field, fields[field]!))
      })
    }
  }
}

function pushFirstStep(args: string[], first: FirstStep): void {
  const [journal, ...more] = chunk(first.journal, JOURNAL_FIRST_CHUNK)
  args.push(first.state, first.attention, journal!, first.transition, String(first.timers.length))
  for (const { nonce, delay } of first.timers) args.push(nonce, String(delay))
  pushCounted(args, (count) => {
    more.forEach((piece, i) => args.push(`j0.${i + 1}`, piece))
    for (const { nonce, text } of first.timers) count(pushField(args, `E${nonce}`, text))
    for (const [field, value] of Object.entries(first.fields)) count(pushField(args, field, value))
    count(more.length)
  })
}

export function pushCommitEntry(args: string[], entry: CommitEntry): void {
  const deletes: string[] = []
  const journal = entry.journal.map(({ seq, text }) => ({ seq, chunks: chunk(text, JOURNAL_FIRST_CHUNK) }))
  args.push(
    entry.id,
    entry.fence,
    entry.state,
    entry.disposal,
    entry.attention,
    text(entry.earliest),
    entry.disposal === 'park' ? text(entry.seen) : String(entry.consumed),
  )
  args.push(entry.entered ? '1' : '0')
  pushCounted(args, (count) => {
    for (const { field, value, previous } of entry.changes) {
      if (value !== undefined) count(pushField(args, field, value))
      if (previous !== undefined) deletes.push(...leftoverChunks(field, previous, value))
    }
    for (const { nonce, text, due } of entry.setTimers) {
      count(pushField(args, `E${nonce}`, text))
      if (due !== undefined) count(pushField(args, `T${nonce}`, String(due)))
    }
    for (const { seq, chunks } of journal) {
      chunks.slice(1).forEach((piece, i) => args.push(`j${seq}.${i + 1}`, piece))
      count(chunks.length - 1)
    }
  })
  for (const { nonce, text } of entry.clearTimers)
    deletes.push(`T${nonce}`, ...leftoverChunks(`E${nonce}`, text, undefined))
  for (const { seq, text } of entry.forget)
    deletes.push(...leftoverChunks(`j${seq}`, text, undefined, JOURNAL_FIRST_CHUNK))
  args.push(String(deletes.length), ...deletes)
  const delayed = entry.setTimers.filter(({ due }) => due === undefined)
  args.push(String(delayed.length))
  for (const { nonce, delay } of delayed) args.push(nonce, String(delay))
  args.push(String(journal.length))
  for (const { seq, chunks } of journal) args.push(String(seq), chunks[0]!)
  args.push(String(entry.transitions.length), ...entry.transitions)
}

export function pushRecipe(args: string[], recipe: Recipe | undefined): void {
  if (!recipe) return void args.push('')
  args.push(recipe.from, recipe.machine, recipe.to, recipe.journal, recipe.transition, String(recipe.timers.length))
  for (const { nonce, delay } of recipe.timers) args.push(`T${nonce}`, String(delay))
  pushCounted(args, (count) => {
    for (const { nonce, text } of recipe.timers) count(pushField(args, `E${nonce}`, text))
    for (const [field, value] of Object.entries(recipe.fields)) count(pushField(args, field, value))
  })
}

export function pushGroup(args: string[], group: CommitGroup): void {
  const { fence, from, to, disposal, journal, members } = group
  const [line = '', ...more] = journal ? chunk(journal.text, JOURNAL_FIRST_CHUNK) : []
  args.push(disposal, fence, from, to, String(journal?.seq ?? ''), line, group.transition)
  const deletes = ['o', 'w', 'g']
  pushCounted(args, (count) => {
    for (const { field, value, previous } of group.changes) {
      if (value !== undefined) count(pushField(args, field, value))
      if (previous !== undefined) deletes.push(...leftoverChunks(field, previous, value))
    }
    more.forEach((piece, i) => args.push(`j${journal!.seq}.${i + 1}`, piece))
    count(more.length)
  })
  for (const { nonce, text } of group.clearTimers)
    deletes.push(`T${nonce}`, ...leftoverChunks(`E${nonce}`, text, undefined))
  args.push(String(deletes.length), ...deletes, String(members.length))
  for (const { id, fields, transition = '' } of members) {
    args.push(id, transition)
    if (!fields) args.push('0')
    else
      pushCounted(args, (count) => {
        for (const field in fields) count(pushField(args, field, fields[field]!))
      })
  }
}

/** Pushes a count and then what `push` pushes; the count is only known afterwards. */
function pushCounted(args: string[], push: (count: (pairs: number) => void) => void): void {
  const at = args.push('0') - 1
  let pairs = 0
  push((more) => {
    pairs += more
  })
  args[at] = String(pairs)
}
