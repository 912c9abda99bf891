/** The leaves of a stored state: `a.x+b.y` is in `a.x` and in `b.y`. A plus within a name is escaped there. */
export const leavesOf = (state: string): readonly string[] => (state.includes('+') ? state.split('+') : [state])
