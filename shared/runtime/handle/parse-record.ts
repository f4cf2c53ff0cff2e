import { z } from 'zod';
import { isMessageType, SCHEMA_VERSION, schemas } from '../../../saga/messages.ts';
import type { Message } from '../../core/message.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { LetterCode } from '../../ports/tables/retry.ts';
import type { StoreFunction } from '../function.ts';
import { messageOf, readEnvelope, textSchema } from './envelope.ts';

/** Why a record cannot be handled as it is. */
export interface Unfit {
  readonly kind: 'unfit';
  readonly code: LetterCode;
  readonly detail: string;
}

export type Received =
  | { readonly kind: 'message'; readonly message: Message }
  /** A message of the saga that is none of this function's business. */
  | { readonly kind: 'skipped' }
  | Unfit;

/** Reads a record of a topic. Nothing in it is believed before it went through the schemas. */
export function receive(record: LogRecord, { inputs, mayStandIn }: Reader): Received {
  const { type, source } = record.attributes;
  if (typeof type === 'string' && typeof source === 'string' && isMessageType(type)) {
    if (!mayStandIn(record.topic, type, source)) {
      return unfit('not_allowed', `${type} of ${source} may not stand in ${record.topic}`);
    }
    if (!inputs.has(type)) return { kind: 'skipped' };
  }
  return readKept(record);
}

/** Reads a record that was let in before, and then kept: parked, dead or a timer of the function itself. */
export function readKept(record: LogRecord): Received {
  const known = reads.get(record);
  if (known !== undefined) return known;
  const read = readRecord(record);
  reads.set(record, read);
  return read;
}

/** The partition key of a record that perhaps cannot be read; null where it names none. */
export function keyOfRecord({ attributes }: LogRecord): string | null {
  for (const key of [attributes['partitionkey'], attributes['subject']]) {
    const text = textSchema.safeParse(key);
    if (text.success) return text.data;
  }
  return null;
}

type Reader = Pick<StoreFunction, 'inputs' | 'mayStandIn'>;

/** Functions in one thread get the same records: each is read once. */
const reads = new WeakMap<LogRecord, Received>();

function unfit(code: LetterCode, detail: string): Unfit {
  return { kind: 'unfit', code, detail };
}

function readRecord({ attributes, value }: LogRecord): Received {
  const envelope = readEnvelope(attributes);
  if ('error' in envelope) return unfit('unreadable', envelope.error);
  const { type, schemaversion } = envelope;
  if (!isMessageType(type)) return unfit('unknown_type', `no message type ${type}`);
  if (schemaversion > SCHEMA_VERSION) {
    return unfit('newer_version', `version ${schemaversion} of ${type}; the newest known is ${SCHEMA_VERSION}`);
  }
  const json = parseJson(value);
  if (json === undefined) return unfit('unreadable', 'the data is not JSON');
  const data = schemas[type].safeParse(json);
  if (!data.success) return unfit('unreadable', z.prettifyError(data.error));
  return { kind: 'message', message: messageOf(envelope, data.data) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
