import { z } from 'zod';
import { isMessageType, SCHEMA_VERSION, schemas } from '../../saga/messages.ts';
import type { Message } from '../core/message.ts';
import type { LogRecord } from '../ports/message-log.ts';
import type { DeadLetter } from '../ports/store.ts';
import type { StoreFunction } from './function.ts';
import type { Delivery } from './handle.ts';

const UTC_MS = /^.{19}\.\d{3}Z$/;
const textSchema = z.string().min(1).max(256);

/** The attributes of a record. Those that only our own functions set have a stand-in, so that anybody can send commands. */
const attributesSchema = z.object({
  id: textSchema,
  source: textSchema,
  type: textSchema,
  // CloudEvents allows any offset and precision; inside, all times are UTC with milliseconds.
  time: z.iso.datetime({ offset: true }).transform((time) => (UTC_MS.test(time) ? time : new Date(time).toISOString())),
  subject: textSchema,
  correlationid: textSchema.nullish(),
  causationid: textSchema.nullish(),
  partitionkey: textSchema.nullish(),
  schemaversion: z.int().min(1).default(1),
  traceparent: z.string().max(256).nullish(),
});

export type Received =
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  /** A message of the saga that is none of this function's business. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'dead'; readonly letter: DeadLetter };

/** Reads a record of a topic. Nothing in it is believed before it went through the schemas. */
export function receive(record: LogRecord, { inputs, mayStandIn }: Reader): Received {
  const { type, source } = record.attributes;
  if (typeof type === 'string' && typeof source === 'string' && isMessageType(type)) {
    if (!mayStandIn(record.topic, type, source)) {
      const detail = `${type} of ${source} may not stand in ${record.topic}`;
      return { kind: 'dead', letter: { ...record, code: 'not_allowed', detail } };
    }
    if (!inputs.has(type)) return { kind: 'skipped' };
  }
  const read = reads.get(record) ?? readOnce(record);
  if ('code' in read) return { kind: 'dead', letter: { ...record, ...read } };
  return { kind: 'delivery', delivery: { message: read.message, deduplicate: true, record } };
}

type Reader = Pick<StoreFunction, 'inputs' | 'mayStandIn'>;

type Read = { readonly message: Message } | Pick<DeadLetter, 'code' | 'detail'>;

/** Functions in one thread get the same records: each is read once. */
const reads = new WeakMap<LogRecord, Read>();

function readOnce(record: LogRecord): Read {
  const read = readRecord(record);
  reads.set(record, read);
  return read;
}

function readRecord({ attributes, value }: LogRecord): Read {
  const envelope = attributesSchema.safeParse(attributes);
  if (!envelope.success) return { code: 'unreadable', detail: z.prettifyError(envelope.error) };
  const { type, schemaversion } = envelope.data;
  if (!isMessageType(type)) return { code: 'unknown_type', detail: `no message type ${type}` };
  if (schemaversion > SCHEMA_VERSION) {
    const detail = `version ${schemaversion} of ${type}; the newest known is ${SCHEMA_VERSION}`;
    return { code: 'unknown_type', detail };
  }
  const json = parseJson(value);
  if (json === undefined) return { code: 'unreadable', detail: 'the data is not JSON' };
  const data = schemas[type].safeParse(json);
  if (!data.success) return { code: 'unreadable', detail: z.prettifyError(data.error) };
  return { message: toMessage(envelope.data, data.data) };
}

function toMessage(attributes: z.infer<typeof attributesSchema>, data: unknown): Message {
  const { id, source, type, time, subject, correlationid, causationid, partitionkey, traceparent } = attributes;
  const message: Message = {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    subject,
    datacontenttype: 'application/json',
    partitionkey: partitionkey ?? subject,
    correlationid: correlationid ?? id,
    causationid: causationid ?? id,
    schemaversion: attributes.schemaversion,
    data,
  };
  return typeof traceparent === 'string' ? { ...message, traceparent } : message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
