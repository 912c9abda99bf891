/** What may be typed into a simulation, for people. */
export const COMMANDS: readonly (readonly [string, string])[] = [
  ['event <TYPE | JSON>', 'sends an event; just its type will do where it is not the name of a command'],
  ['done [id] [JSON]', 'what runs under this id ends with this output'],
  ['error [id] [message | JSON]', 'it ends with this error'],
  ['advance [duration]', 'lets time pass, such as 3d; without a duration, up to the next timer'],
  ['show', 'state, context, timers, what runs, and the events that are possible'],
  ['history', 'the journal'],
  ['help', 'these lines'],
  ['quit', 'ends it; so does the end of the input'],
]
