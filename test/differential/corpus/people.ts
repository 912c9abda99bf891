import { assign, emit, raise, sendTo, setup, stateIn } from 'xstate'
import { logged, typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'
import type { CorpusEvent, In } from './notebook.ts'

/** A new colleague: accounts, desk and papers in parallel, some of them done by actors. */
export const onboarding = setup({
  types: typed<{ context: { done: readonly string[]; problems: unknown[] }; events: CorpusEvent }>(),
  actors: { account: inert, order: inert },
  actions: {
    done: assign({ done: ({ context }, what: string) => [...context.done, what].slice(-9) }),
    problem: assign({ problems: ({ context, event }) => [...context.problems.slice(-2), event.error] }),
  },
}).createMachine({
  id: 'onboarding',
  context: { done: [], problems: [] },
  initial: 'offer',
  states: {
    offer: { on: { ACCEPT: 'preparing', DECLINE: 'declined' }, after: { 1209600000: 'declined' } },
    preparing: {
      type: 'parallel',
      onDone: 'firstDay',
      on: { DECLINE: 'declined' },
      states: {
        accounts: {
          initial: 'mail',
          states: {
            mail: {
              invoke: {
                id: 'mail',
                src: 'account',
                input: 'mail',
                onDone: 'wiki',
                onError: { target: 'stuck', actions: 'problem' },
              },
            },
            wiki: {
              invoke: {
                id: 'wiki',
                src: 'account',
                input: { kind: 'wiki' },
                onDone: { target: 'ready', actions: { type: 'done', params: 'accounts' } },
                onError: 'stuck',
              },
            },
            stuck: { on: { FIX: 'mail' }, after: { 3600000: 'mail' } },
            ready: { type: 'final' },
          },
        },
        desk: {
          initial: 'choose',
          states: {
            choose: { on: { DESK: 'ordered' } },
            ordered: {
              invoke: { id: 'desk', src: 'order', onDone: 'ready', onError: { target: 'choose', actions: 'problem' } },
            },
            ready: { type: 'final', entry: { type: 'done', params: 'desk' } },
          },
        },
        papers: {
          initial: 'sent',
          states: {
            sent: {
              on: { SIGN: [{ guard: ({ event }) => (event.value ?? 0) > 3, target: 'signed' }, { target: 'wrong' }] },
            },
            wrong: { on: { SIGN: 'signed' } },
            signed: { type: 'final' },
          },
        },
      },
    },
    firstDay: { entry: { type: 'done', params: 'all' }, on: { START: 'working' } },
    working: { type: 'final', output: ({ context }) => context.done },
    declined: { on: { ACCEPT: { target: 'preparing', actions: assign({ done: [] }) } } },
  },
})

/** A log-in that locks after three wrong words, for longer each time. */
export const login = setup({
  types: typed<{ context: { wrong: number; locks: number; user: string | undefined }; events: CorpusEvent }>(),
  actors: { verify: inert },
  delays: { lockTime: ({ context }) => 1000 * 2 ** Math.min(context.locks, 10) },
  guards: { isThird: ({ context }) => context.wrong >= 2, isTrue: ({ event }) => Boolean(event.output) },
  actions: {
    fail: assign({ wrong: ({ context }) => context.wrong + 1 }),
    lock: assign({ locks: ({ context }) => context.locks + 1, wrong: 0 }),
    greet: assign({ user: ({ event }) => `user ${JSON.stringify(event.output)}`, wrong: 0 }),
    leave: assign({ user: undefined }),
  },
}).createMachine({
  id: 'login',
  context: { wrong: 0, locks: 0, user: undefined },
  initial: 'out',
  states: {
    out: { on: { SUBMIT: 'verifying' } },
    verifying: {
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context, event }: In<{ wrong: number }>) => ({ wrong: context.wrong, word: event.extra }),
        onDone: [
          { guard: 'isTrue', target: 'in', actions: 'greet' },
          { guard: 'isThird', target: 'locked' },
          { target: 'out', actions: 'fail' },
        ],
        onError: 'out',
      },
      after: { 5000: 'out' },
      on: { SUBMIT: {} },
    },
    locked: {
      entry: 'lock',
      after: { lockTime: 'out' },
      on: { RESET: { target: 'out', actions: assign({ locks: 0 }) } },
      tags: ['blocked'],
    },
    in: {
      initial: 'active',
      exit: 'leave',
      on: { LOGOUT: 'out' },
      states: {
        active: { after: { 900000: 'idle' }, on: { TOUCH: { target: 'active', reenter: true } } },
        idle: { on: { TOUCH: 'active' }, after: { 60000: '#login.out' } },
      },
    },
  },
})

/** A form of several pages with a memory of where one was. */
export const wizard = setup({
  types: typed<{ context: { answers: Record<string, unknown>; visits: number }; events: CorpusEvent }>(),
  actors: { submit: inert },
  actions: {
    answer: assign({ answers: ({ context, event }, page: string) => ({ ...context.answers, [page]: event.extra }) }),
    visit: assign({ visits: ({ context }) => context.visits + 1 }),
  },
  guards: { hasAll: ({ context }) => Object.keys(context.answers).length > 2 },
}).createMachine({
  id: 'wizard',
  context: { answers: {}, visits: 0 },
  initial: 'pages',
  states: {
    pages: {
      initial: 'name',
      entry: 'visit',
      on: { HELP: 'help', QUIT: 'gone' },
      states: {
        name: { on: { NEXT: { target: 'address', actions: { type: 'answer', params: 'name' } } } },
        address: {
          initial: 'street',
          on: { BACK: 'name', NEXT: { target: 'consent', actions: { type: 'answer', params: 'address' } } },
          states: { street: { on: { CITY: 'city' } }, city: { on: { STREET: 'street' }, meta: { map: true } } },
        },
        consent: {
          on: {
            BACK: 'address',
            AGREE: [
              { guard: 'hasAll', target: '#wizard.sending' },
              { target: 'name', actions: { type: 'answer', params: 'consent' } },
            ],
          },
        },
        last: { type: 'history', history: 'deep' },
      },
    },
    help: { on: { CLOSE: 'pages.last', QUIT: 'gone' }, after: { 120000: 'pages.last' } },
    sending: {
      invoke: {
        id: 'submit',
        src: 'submit',
        input: ({ context }: In<{ answers: unknown }>) => context.answers,
        onDone: 'sent',
        onError: { target: 'pages.last', actions: assign({ answers: {} }) },
      },
    },
    sent: { type: 'final', output: ({ context }) => context.visits },
    gone: { on: { RETURN: 'pages.last', NEXT: 'pages' } },
  },
})

/** A document and its reviewers; a quorum decides. */
export const review = setup({
  types: typed<{
    context: { votes: ReadonlyMap<number, boolean>; version: number; comments: readonly unknown[] }
    events: CorpusEvent
    emitted: { type: 'version'; version: number }
  }>(),
  guards: {
    isPassed: ({ context }) => [...context.votes.values()].filter(Boolean).length > 2,
    isRejected: ({ context }) => [...context.votes.values()].filter((vote) => !vote).length > 1,
  },
  actions: {
    vote: assign({
      votes: ({ context, event }, vote: boolean) => new Map(context.votes).set((event.value ?? 0) % 5, vote),
    }),
    comment: assign({ comments: ({ context, event }) => [...context.comments.slice(-3), event.extra] }),
    publish: emit(({ context }) => ({ type: 'version', version: context.version })),
    next: assign({ version: ({ context }) => context.version + 1, votes: new Map<number, boolean>() }),
  },
}).createMachine({
  id: 'review',
  context: { votes: new Map<number, boolean>(), version: 1, comments: [] },
  initial: 'draft',
  on: { COMMENT: { actions: 'comment' } },
  states: {
    draft: { on: { PROPOSE: 'voting', COMMENT: {} } },
    voting: {
      always: [
        { guard: 'isPassed', target: 'accepted' },
        { guard: 'isRejected', target: 'draft', actions: 'next' },
      ],
      on: {
        YES: { actions: { type: 'vote', params: true } },
        NO: { actions: { type: 'vote', params: false } },
        WITHDRAW: 'draft',
      },
      after: {
        259200000: [
          { guard: ({ context }) => context.votes.size > 1, target: 'accepted' },
          { target: 'draft', actions: 'next' },
        ],
      },
    },
    accepted: { entry: 'publish', on: { REOPEN: { target: 'draft', actions: 'next' } }, after: { 1000: 'archived' } },
    archived: {
      tags: 'settled',
      on: { REOPEN: { target: 'voting', actions: ['next', raise({ type: 'YES', value: 1 })] } },
    },
  },
})

/** A talk between a customer, a robot and an agent, with typing marks and silence. */
export const chat = setup({
  types: typed<{ context: { lines: string[]; missed: number }; events: CorpusEvent }>(),
  guards: { isHere: stateIn({ presence: 'here' }) },
  actors: { robot: inert },
  actions: {
    say: assign({ lines: ({ context, event }, who: string) => logged(context.lines, `${who}: ${event.value}`) }),
    miss: assign({ missed: ({ context }) => context.missed + 1 }),
  },
}).createMachine({
  id: 'chat',
  context: { lines: [], missed: 0 },
  type: 'parallel',
  states: {
    talk: {
      initial: 'robot',
      states: {
        robot: {
          invoke: {
            id: 'answer',
            src: 'robot',
            input: ({ context }: In<{ lines: string[] }>) => context.lines.at(-1),
            onDone: { actions: { type: 'say', params: 'robot' } },
            onError: 'queue',
          },
          on: {
            TEXT: { target: 'robot', reenter: true, actions: { type: 'say', params: 'customer' } },
            HUMAN: 'queue',
          },
        },
        queue: {
          after: { 30000: 'robot' },
          on: {
            PICK: { guard: 'isHere', target: 'agent' },
            TEXT: { actions: { type: 'say', params: 'customer' } },
          },
        },
        agent: {
          on: {
            TEXT: { actions: { type: 'say', params: 'customer' } },
            REPLY: { actions: { type: 'say', params: 'agent' } },
            CLOSE: 'robot',
          },
          after: { 600000: { target: 'queue', actions: 'miss' } },
        },
      },
    },
    typing: {
      initial: 'still',
      states: {
        still: { on: { KEY: 'typing' } },
        typing: { after: { 3000: 'still' }, on: { KEY: { target: 'typing', reenter: true }, TEXT: 'still' } },
      },
    },
    presence: {
      initial: 'here',
      states: {
        here: { on: { LEAVE: 'away' } },
        away: {
          on: { RETURN: 'here' },
          after: { 3600000: { target: 'here', actions: sendTo(({ self }) => self, { type: 'CLOSE' }) } },
        },
      },
    },
  },
})
