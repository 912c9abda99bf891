import type { AnyActorLogic, AnyStateMachine, InputFrom, OutputFrom, ProvidedActor, StateMachine } from 'xstate'
import type { Handler } from './handlers.ts'

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

type HandlerOf<Logic> = Logic extends AnyActorLogic ? Handler<InputFrom<Logic>, OutputFrom<Logic>> : Handler

/**
 * The handlers of a machine's actors: input and output are those of the actor, so a handler that takes or returns something else does
 * not compile. One that the machine implements itself may be left out.
 */
export type HandlersOf<Machine extends AnyStateMachine> =
  ProvidedActor extends ActorsOf<Machine>
    ? Readonly<Record<string, Handler>>
    : OwnHandlers<ActorsOf<Machine>> & Merged<HandlersBelow<ActorsOf<Machine>>>

type OwnHandlers<Actors extends ProvidedActor> = {
  readonly [Actor in Actors as Actor['logic'] extends AnyStateMachine ? never : Actor['src']]?: HandlerOf<
    Actor['logic']
  >
}

/** Those of a machine that is invoked, by their own names and by its name: `charge`, and `payment/charge`. */
type HandlersBelow<Actor extends ProvidedActor> = Actor extends { src: infer Src; logic: infer Logic }
  ? Logic extends AnyStateMachine
    ? Named<HandlersOf<Logic>, Src & string>
    : never
  : never

type Named<Below, Src extends string> = {
  readonly [Name in keyof Below as Name | `${Src}/${Name & string}`]?: Below[Name]
}

type Merged<Union> = [Union] extends [never]
  ? unknown
  : (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
    ? All
    : never
