import type {
  AnyActorLogic,
  AnyStateMachine,
  ContextFrom,
  EventFrom,
  EventObject,
  InputFrom,
  OutputFrom,
  PromiseActorLogic,
  ProvidedActor,
  StateMachine,
} from 'xstate'
import type { GivenHandlers, Handler, OwnActor } from './handlers.ts'
import type { Worker, WorkerOptions } from './worker.ts'

/** The actors of a machine, as `setup({ actors })` or its types declare them. */
type ActorsOf<Machine extends AnyStateMachine> =
  Machine extends StateMachine<
    infer _Context,
    infer _Event,
    infer _Children,
    infer Actor,
    infer _Action,
    infer _Guard,
    infer _Delay,
    infer _Value,
    infer _Tag,
    infer _Input,
    infer _Output,
    infer _Emitted,
    infer _Meta,
    infer _Schema,
    infer _TransitionMeta
  >
    ? Actor
    : never

/** Whether the types of a machine say nothing about its actors: then a worker takes any handlers, and checks them when it starts. */
type IsUntyped<Actor extends ProvidedActor> = [Actor] extends [never]
  ? true
  : ProvidedActor extends Actor
    ? true
    : string extends Actor['src']
      ? true
      : false

/** XState's type of an input or output that nobody declared is `{} | null | undefined`, from which nothing can be read. */
export type Declared<Type, Otherwise> = [{} | null | undefined] extends [Type] ? Otherwise : Type

/** A stub that returns nothing, or only throws, says nothing about what its handler returns. */
type Returned<Output> = [Output] extends [void] ? unknown : Declared<Output, unknown>

/** The root, whose context and events a handler sees, however deep the actor is that it stands for. */
interface Root {
  readonly context: unknown
  readonly event: EventObject
}

type HandlerOf<Logic, Of extends Root> = Handler<
  // oxlint-disable-next-line typescript/no-explicit-any -- an actor of no declared input: the handler states it
  Declared<InputFrom<Logic>, any>,
  Returned<OutputFrom<Logic>>,
  Of['context'],
  Of['event']
>

/** What workers run: promise actors, and those whose kind the types leave open. */
type IsRun<Logic> = Logic extends AnyStateMachine
  ? false
  : // oxlint-disable-next-line typescript/no-explicit-any -- any promise actor
    Logic extends PromiseActorLogic<any, any, any>
    ? true
    : AnyActorLogic extends Logic
      ? true
      : false

/** A handler for each actor of the root. */
type OwnHandlers<Actor extends ProvidedActor, Of extends Root> = {
  readonly [Each in Actor as IsRun<Each['logic']> extends true ? Each['src'] : never]:
    | HandlerOf<Each['logic'], Of>
    | OwnActor
}

/** Actors of the machines below by their whole names, such as `payment/charge`, with their logic. */
type Below<Actor extends ProvidedActor, Path extends string = ''> = Actor extends { src: infer Src; logic: infer Logic }
  ? Logic extends AnyStateMachine
    ? Inner<ActorsOf<Logic>, `${Path}${Src & string}/`>
    : never
  : never

type Inner<Actor extends ProvidedActor, Path extends string> =
  IsUntyped<Actor> extends true
    ? never
    : | (Actor extends { src: infer Src; logic: infer Logic }
          ? IsRun<Logic> extends true
            ? { readonly whole: `${Path}${Src & string}`; readonly bare: Src & string; readonly logic: Logic }
            : never
          : never)
      | Below<Actor, Path>

interface Deep {
  readonly whole: string
  readonly bare: string
  readonly logic: unknown
}

/** Handlers of actors below, each by its whole name, or by its own where the root has no actor of that name. */
type DeepHandlers<Each extends Deep, Of extends Root> = {
  readonly [One in Each as One['whole'] | One['bare']]?: HandlerOf<One['logic'], Of> | OwnActor
}

type RootOf<Machine extends AnyStateMachine> = {
  readonly context: ContextFrom<Machine>
  readonly event: EventFrom<Machine>
}

type Known<Machine extends AnyStateMachine> = OwnHandlers<ActorsOf<Machine>, RootOf<Machine>> &
  Omit<DeepHandlers<Below<ActorsOf<Machine>>, RootOf<Machine>>, keyof OwnHandlers<ActorsOf<Machine>, RootOf<Machine>>>

/**
 * The handlers of a machine's actors. Each takes the input of its actor and returns its output, so a handler that takes or returns
 * something else does not compile; nor does an object that lacks one. `'own'` in the place of a handler runs what the machine implements.
 */
export type HandlersOf<Machine extends AnyStateMachine> =
  IsUntyped<ActorsOf<Machine>> extends true ? GivenHandlers : Known<Machine>

/** What an object of handlers lacks: an actor below for which it has neither of the two names. */
type Lacking<Given, Each extends Deep, Own> = {
  readonly [
    One in Each as keyof Given & (One['whole'] | Exclude<One['bare'], Own>) extends never ? One['whole'] : never
  ]: Handler
}

/** Handlers for which the machine has no actor. */
type Superfluous<Given, Names> = string extends keyof Given
  ? unknown
  : { readonly [Name in Exclude<keyof Given, Names>]: `the machine invokes no "${Name & string}"` }

type Complete<Given, Machine extends AnyStateMachine> = Given &
  // oxlint-disable-next-line typescript/no-explicit-any -- any function
  (Given extends (...args: any[]) => unknown
    ? unknown
    : Lacking<Given, Below<ActorsOf<Machine>>, ActorsOf<Machine>['src']> & Superfluous<Given, keyof Known<Machine>>)

/** One function is enough for a machine with one actor. */
type OnlyHandler<Names, Known> = [Names] extends [infer Name extends keyof Known]
  ? IsUnion<Name> extends true
    ? never
    : Exclude<Known[Name], OwnActor>
  : never

type IsUnion<All, Each = All> = Each extends Each ? ([All] extends [Each] ? false : true) : never

/** As `work()` of a queue with a machine. Without handlers all its actors are its own. */
export type MachineWork<Machine extends AnyStateMachine, Emitted> =
  IsUntyped<ActorsOf<Machine>> extends true
    ? (handlers?: GivenHandlers | Handler, options?: WorkerOptions) => Worker<OutputFrom<Machine>, Emitted>
    : TypedWork<Machine, Emitted>

/** As `work()` of a queue whose machine declares its actors. */
export interface TypedWork<Machine extends AnyStateMachine, Emitted> {
  <Given extends Known<Machine> | OnlyHandler<keyof Known<Machine>, Known<Machine>>>(
    handlers?: Complete<Given, Machine>,
    options?: WorkerOptions,
  ): Worker<OutputFrom<Machine>, Emitted>
}
