import { CLIENT_SOURCE } from '../shared/core/message.ts';
import type { MessageType } from './messages.ts';

export const functionNames = ['order', 'inventory', 'notification'] as const;
export type FunctionName = (typeof functionNames)[number];

/**
 * A step of the saga. `compensatable`: what it did is undone by the events named in `undoneBy` when the order fails.
 * `pivot`: from here the order does not fail any more, and only its customer can still take it back. `retriable`: it
 * does not undo the order, it can only be late. `compensation`: it undoes.
 */
export interface Step {
  readonly on: MessageType;
  readonly by: FunctionName;
  /** One of these, or none when the step no longer applies. */
  readonly emits: readonly MessageType[];
  readonly kind: 'compensatable' | 'pivot' | 'retriable' | 'compensation';
  readonly undoneBy: readonly MessageType[];
}

/** The saga, written once. Tests compare the functions to it, and the diagram in ARCHITECTURE.md is generated from it. */
export const choreography: readonly Step[] = [
  {
    on: 'PlaceOrder',
    by: 'order',
    emits: ['OrderPlaced'],
    kind: 'compensatable',
    undoneBy: ['OrderRejected', 'OrderCancelled'],
  },
  {
    on: 'OrderPlaced',
    by: 'inventory',
    emits: ['StockReserved', 'StockBackordered', 'StockRejected', 'ReservationRefused'],
    kind: 'compensatable',
    undoneBy: ['StockReleased'],
  },
  {
    on: 'StockBackordered',
    by: 'order',
    emits: ['OrderBackordered'],
    kind: 'compensatable',
    undoneBy: ['OrderRejected', 'OrderCancelled'],
  },
  {
    on: 'FillBackorder',
    by: 'inventory',
    emits: ['StockReserved', 'StockBackordered'],
    kind: 'compensatable',
    undoneBy: ['StockReleased'],
  },
  { on: 'StockReserved', by: 'order', emits: ['OrderConfirmed'], kind: 'pivot', undoneBy: [] },
  { on: 'StockRejected', by: 'order', emits: ['OrderRejected'], kind: 'retriable', undoneBy: [] },
  { on: 'ExpireOrder', by: 'order', emits: ['OrderRejected'], kind: 'retriable', undoneBy: [] },
  { on: 'CancelOrder', by: 'order', emits: ['OrderCancelled'], kind: 'compensation', undoneBy: [] },
  { on: 'DispatchOrder', by: 'order', emits: ['OrderDispatched'], kind: 'retriable', undoneBy: [] },
  { on: 'OrderConfirmed', by: 'inventory', emits: ['StockSold'], kind: 'retriable', undoneBy: ['StockReturned'] },
  {
    on: 'OrderRejected',
    by: 'inventory',
    emits: ['StockReleased', 'StockReturned'],
    kind: 'compensation',
    undoneBy: [],
  },
  {
    on: 'OrderCancelled',
    by: 'inventory',
    emits: ['StockReleased', 'StockReturned'],
    kind: 'compensation',
    undoneBy: [],
  },
  {
    on: 'StockReleased',
    by: 'order',
    emits: ['OrderRejected', 'OrderCancelled'],
    kind: 'compensation',
    undoneBy: [],
  },
  {
    on: 'StockReturned',
    by: 'order',
    emits: ['OrderRejected', 'OrderCancelled'],
    kind: 'compensation',
    undoneBy: [],
  },
  { on: 'ReceiveStock', by: 'inventory', emits: ['StockReceived'], kind: 'retriable', undoneBy: [] },
  { on: 'SeedStock', by: 'inventory', emits: ['StockReceived'], kind: 'retriable', undoneBy: [] },
  { on: 'CorrectStock', by: 'inventory', emits: ['StockCorrected'], kind: 'retriable', undoneBy: [] },
  { on: 'SetStockPolicy', by: 'inventory', emits: ['StockPolicySet'], kind: 'retriable', undoneBy: [] },
  { on: 'OrderPlaced', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'OrderBackordered', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'OrderConfirmed', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'OrderRejected', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'OrderCancelled', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'NoticesSent', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'NoticesAttempted', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  { on: 'SendNoticesAgain', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
];

/** The topics, and the only function that writes each; null for a public topic, which clients write. */
export const topics = {
  'order-commands': null,
  'order-events': 'order',
  'inventory-events': 'inventory',
} as const satisfies Record<string, FunctionName | null>;

/** The topics that no function writes: commands come in by them. */
export const publicTopics = Object.entries(topics).flatMap(([topic, writer]) => (writer === null ? [topic] : []));

/** What the outside world may ask for by a topic that is open to it. */
const fromOutside: ReadonlySet<string> = new Set<MessageType>(['PlaceOrder', 'CancelOrder', 'DispatchOrder']);
const ourSources: ReadonlySet<string> = new Set([CLIENT_SOURCE, ...functionNames.map((name) => `/${name}`)]);
const emittedBy = new Map(
  functionNames.map((name) => [
    name,
    new Set<string>(choreography.filter(({ by }) => by === name).flatMap(({ emits }) => emits)),
  ]),
);

/**
 * Whether a message of this type and source is allowed on this topic. A topic of a function accepts only that
 * function's events in the choreography; a public topic accepts only commands, and none with a source of this store.
 */
export function isAllowedOnTopic(topic: string, type: string, source: string): boolean {
  const writer = Object.hasOwn(topics, topic) ? topics[topic as keyof typeof topics] : undefined;
  if (writer === undefined) return false;
  if (writer === null) return fromOutside.has(type) && !ourSources.has(source);
  return source === `/${writer}` && emittedBy.get(writer)?.has(type) === true;
}

/** The events that a customer gets a notice of: those of another function that notification handles. */
export const noticeFacts: readonly MessageType[] = choreography
  .filter(({ by, on }) => by === 'notification' && emittedBy.get('order')?.has(on) === true)
  .map(({ on }) => on);

/** The message types that `name` handles. */
export function inputsOf(name: FunctionName): ReadonlySet<MessageType> {
  return new Set(choreography.filter(({ by }) => by === name).map(({ on }) => on));
}
