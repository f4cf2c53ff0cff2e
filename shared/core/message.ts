import { hash } from 'node:crypto';
import { assertWellFormed } from './well-formed.ts';

/**
 * A command or an event as it travels: a CloudEvents 1.0 envelope.
 *
 * `source` + `id` name it for ever. `subject` is what it is about (an order or a product), and `partitionkey` decides
 * which messages keep their order among each other. Extension attributes are lower case, as CloudEvents asks.
 */
export interface Message<Type extends string = string, Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: Type;
  /** ISO 8601, UTC, milliseconds. Of a command from outside: when the store received it. */
  readonly time: string;
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  readonly partitionkey: string;
  /** Id of the first message of the saga. */
  readonly correlationid: string;
  /** Id of the message that this one answers; its own id where it answers none. */
  readonly causationid: string;
  readonly schemaversion: number;
  /** W3C trace context, carried through the whole saga; absent where nobody traces. */
  readonly traceparent?: string;
  /** The `time` that the sender of a command from outside claims; also in what answers it, and absent elsewhere. */
  readonly requestedat?: string;
  readonly data: Data;
}

/** What `decide` returns: an event without the envelope. `subject` becomes the partition key too. */
export interface Draft<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly subject: string;
  readonly data: Data;
}

/**
 * The answer to a command that cannot be followed. It is told to whoever sent it and is never published:
 * over HTTP it becomes a problem answer, from a topic it becomes a dead letter.
 */
export const REFUSED = 'CommandRefused';
export type Refusal<Code extends string = string> = Draft<
  typeof REFUSED,
  { readonly code: Code; readonly detail: string }
>;

export function refusal<Code extends string>(subject: string, code: Code, detail: string): Refusal<Code> {
  return { type: REFUSED, subject, data: { code, detail } };
}

/** The source of commands that clients send over HTTP; their ids come from the clients' idempotency keys. */
export const CLIENT_SOURCE = '/http';

const ID_NAMESPACE = '6f2c8a70-94de-4b0b-9d6f-2f1a8f3f5b11';

/**
 * The id of a message that `cause` leads to. `name` tells the messages of one cause apart: deciding twice gives the same id,
 * and another decision gives another one.
 *
 * It is a UUID version 8 (RFC 9562, 5.8): 48 bits of the cause's time in milliseconds, then bits of the SHA-1 of
 * (namespace, cause id, name). The time in front keeps the rows of one moment together in every index over
 * ids, so that an inbox of a million rows costs no more to write than an empty one.
 */
export function deriveId(cause: Pick<Message, 'id' | 'time'>, name: string): string {
  const timeMs = Math.max(0, Date.parse(cause.time)).toString(16).padStart(12, '0');
  return uuidOf(timeMs + digest(`${cause.id} ${name}`).slice(0, 19));
}

/**
 * What every derived id sorts before, or at, whose cause is older than this, and no other: the ids of one source from the
 * oldest on are one range. Milliseconds since 1970.
 */
export function idsBefore(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}

/** An id that depends on its name alone, for what a client may repeat at any time: a UUID version 8, all of it digest. */
export function namedId(name: string): string {
  return uuidOf(digest(name));
}

/** @throws {InvariantError} for ill-formed text: UTF-8 has no form for it, and two names would have one id. */
function digest(name: string): string {
  assertWellFormed(name);
  return hash('sha1', `${ID_NAMESPACE} ${name}`, 'hex');
}

/** The four digits with which the variant of a UUID is written (RFC 9562, 4.1). */
const VARIANTS = ['8', '9', 'a', 'b'] as const;

/** The first 31 hexadecimal digits as a UUID version 8: 48 bits, version, 12 bits, variant, 60 bits. */
function uuidOf(hex: string): string {
  const variant = VARIANTS[hex.charCodeAt(15) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(12, 15)}-${variant}${hex.slice(16, 19)}-${hex.slice(19, 31)}`;
}

/**
 * A digest of what a message says: 128 bits, base64. Two messages of the same identity and another fingerprint are not
 * duplicates. `data` must have come through its schema, so that the order of its keys is settled; it is computed once for
 * all who read the same message.
 */
export function fingerprint({ type, data }: Pick<Message, 'type' | 'data'>): string {
  const known = fingerprints.get(data as object);
  if (known !== undefined) return known;
  const text = `${type} ${JSON.stringify(data)}`;
  assertWellFormed(text);
  const print = hash('sha1', text, 'base64').slice(0, 22);
  fingerprints.set(data as object, print);
  return print;
}

/** Lets `data` have the fingerprint of the message it was made from. */
export function adoptFingerprint(data: unknown, from: Pick<Message, 'type' | 'data'>): void {
  fingerprints.set(data as object, fingerprint(from));
}

const fingerprints = new WeakMap<object, string>();

/** What differs from message to message. Every caller gives all of it, in this order: objects of one shape are built fast. */
export interface MessageFields<Type extends string = string, Data = unknown>
  extends Omit<Message<Type, Data>, 'specversion' | 'datacontenttype' | 'traceparent' | 'requestedat'> {
  /** Undefined where the saga is not traced. */
  readonly traceparent: string | undefined;
}

/** A message with all of its envelope; without `traceparent` where that is undefined. */
export function newMessage<Type extends string, Data>(fields: MessageFields<Type, Data>): Message<Type, Data> {
  const message: Message<Type, Data> = {
    specversion: '1.0',
    id: fields.id,
    source: fields.source,
    type: fields.type,
    time: fields.time,
    subject: fields.subject,
    datacontenttype: 'application/json',
    partitionkey: fields.partitionkey,
    correlationid: fields.correlationid,
    causationid: fields.causationid,
    schemaversion: fields.schemaversion,
    data: fields.data,
  };
  return fields.traceparent === undefined ? message : { ...message, traceparent: fields.traceparent };
}

/** A message as it comes from outside, where its sender may choose any `time`, or none, and leave the subject to the data. */
export interface OutsideMessage extends Omit<Message, 'time' | 'subject' | 'partitionkey' | 'datacontenttype'> {
  readonly time?: string;
  readonly subject?: string;
  readonly partitionkey?: string;
  readonly datacontenttype?: string;
}

/**
 * Puts the envelope around a draft: derived id, the correlation and trace of its cause. `now` is ISO 8601.
 *
 * The id covers what is said: a writer that was restored from an older copy may decide again, and say something else.
 */
export function answer(
  cause: Message,
  writer: string,
  position: number,
  draft: Draft,
  now: string,
  schemaversion: number,
): Message {
  const { type, subject, data } = draft;
  const message = newMessage({
    id: deriveId(cause, `${writer} ${position} ${type} ${JSON.stringify(data)}`),
    source: `/${writer}`,
    type,
    time: now,
    subject,
    partitionkey: subject,
    correlationid: cause.correlationid,
    causationid: cause.id,
    schemaversion,
    data,
    traceparent: cause.traceparent,
  });
  return cause.requestedat === undefined ? message : { ...message, requestedat: cause.requestedat };
}

/** The envelope of a command without a cause: one that a client sends, a row of the seed. `time` is ISO 8601, UTC. */
export function command(
  { type, subject, data }: Draft,
  envelope: {
    readonly id: string;
    readonly time: string;
    readonly schemaversion: number;
    readonly traceparent?: string | undefined;
  },
): Message {
  const { id, time, schemaversion, traceparent } = envelope;
  return newMessage({
    id,
    source: CLIENT_SOURCE,
    type,
    time,
    subject,
    partitionkey: subject,
    correlationid: id,
    causationid: id,
    schemaversion,
    data,
    traceparent,
  });
}
