import type {
  AnyEventObject,
  AnyStateMachine,
  ContextFrom,
  EmittedFrom,
  EventFrom,
  EventObject,
  InputFrom,
  OutputFrom,
} from 'xstate'
import type { MessageContext, MessageEvent } from '../../machines/index.ts'
import type { AnyContext, EventData } from '../message.ts'
import type { Handler, OwnActor } from '../worker/handlers.ts'
import type { Declared, MachineWork } from '../worker/machine-handlers.ts'
import type { Worker, WorkerOptions } from '../worker/worker.ts'
import type { MachineQueueOptions, MessageQueueOptions, QueueOptions } from './queue-options.ts'
import type { Queue, SendOptions } from './queue.ts'

/** What the calls of a queue take and give, beside what `send()` takes: by its machine, its schema, or what its user says. For the compiler only. */
export interface QueueShape {
  /** What is stored, and what handlers get. */
  readonly input: unknown
  readonly output: unknown
  readonly context: unknown
  /** What `signal()` takes. */
  readonly event: EventObject
  readonly emitted: EventObject
  readonly machine: AnyStateMachine
  /** As `work()`. */
  readonly work: unknown
  /** What `send()` takes beside the input. */
  readonly options: object
}

/** A queue of the default machine. */
export interface MessageShape<Input, Output> extends QueueShape {
  readonly input: Input
  readonly output: Output
  readonly context: MessageContext<Input>
  readonly event: MessageEvent
  readonly emitted: EventData
  readonly work: (
    handler:
      | Handler<Input, Output, MessageContext<Input>, MessageEvent>
      | { readonly handler: Handler<Input, Output, MessageContext<Input>, MessageEvent> },
    options?: WorkerOptions,
  ) => Worker<Output>
  readonly options: SendOptions
}

/** A queue of a machine of its user. */
export interface MachineShape<
  Machine extends AnyStateMachine,
  Event extends EventObject = EventFrom<Machine>,
> extends QueueShape {
  readonly input: InputOf<Machine>
  readonly output: OutputOf<Machine>
  readonly context: ContextFrom<Machine>
  readonly event: Event
  readonly emitted: EmittedFrom<Machine>
  readonly machine: Machine
  readonly work: MachineWork<Machine, EmittedFrom<Machine>>
  readonly options: Pick<SendOptions, 'id'>
}

/* oxlint-disable typescript/no-explicit-any -- any queue fits */
/** A queue of which nothing is known: what a function takes that works with all of them. */
export interface AnyShape extends QueueShape {
  readonly input: any
  readonly output: unknown
  readonly context: AnyContext
  readonly event: AnyEventObject
  readonly emitted: AnyEventObject
  readonly work: AnyWork['work']
  readonly options: SendOptions
}

interface AnyWork {
  // A method, so that it stands for those that are stricter about their handlers.
  work(handlers?: AnyHandler | Readonly<Record<string, AnyHandler | OwnActor>>, options?: WorkerOptions): Worker
}

type AnyHandler = Handler<any, any, any, any>

type IsAny<Type> = 0 extends 1 & Type ? true : false
/* oxlint-enable typescript/no-explicit-any */

/** The shape of `Queue<Input, Output>`. */
export type ShapeOf<Input, Output> = IsAny<Input> extends true ? AnyShape : MessageShape<Input, Output>

type InputOf<Machine extends AnyStateMachine> = Declared<InputFrom<Machine>, unknown>

/** What `send()` takes; nothing at all where the machine's input may be undefined. */
export type SentTo<Machine extends AnyStateMachine> =
  undefined extends InputFrom<Machine> ? InputFrom<Machine> | void : InputFrom<Machine>

export type OutputOf<Machine extends AnyStateMachine> = Declared<OutputFrom<Machine>, unknown>

/** As `redrive.queue()`. */
export interface QueueOpener {
  /** A queue that is open already, of a machine of its own: `redrive.queue<typeof order>('orders')`. */
  <Machine extends AnyStateMachine = never>(
    name: IsNever<Machine> extends true ? never : string,
  ): Queue<SentTo<Machine>, OutputOf<Machine>, MachineShape<Machine>>
  <Machine extends AnyStateMachine, Sent = SentTo<Machine>, Event extends AnyEventObject = EventFrom<Machine>>(
    name: string,
    options: MachineQueueOptions<Machine, Sent, Event>,
  ): Queue<Sent, OutputOf<Machine>, MachineShape<Machine, Event>>
  /** Of options about which the compiler knows nothing: any queue. */
  <Options extends QueueOptions>(
    name: string,
    options: (IsUnknown<Options> extends true ? Options : never) | undefined,
  ): Queue
  /** The default machine: `redrive.queue<Email, string>('emails')` says what is sent, and what handlers return. */
  // oxlint-disable-next-line typescript/no-explicit-any -- without a schema, the sender and the handler say what a payload is
  <Sent = any, Output = unknown, Taken = Sent>(
    name: string,
    options?: MessageQueueOptions<Sent, Taken>,
  ): Queue<Sent, Output, MessageShape<Taken, Output>>
}

/** Whether options may be of any machine, or of none. */
type IsUnknown<Options extends QueueOptions> = QueueOptions extends Options
  ? true
  : 'machine' extends keyof Options
    ? IsAny<ContextFrom<NonNullable<Options['machine']>>>
    : false

/** Nothing was given, or something of which nothing follows. */
type IsNever<Type> = IsAny<Type> extends true ? true : [Type] extends [never] ? true : false
