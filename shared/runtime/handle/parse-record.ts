import { z } from 'zod';
import { isMessageType, SCHEMA_VERSION, schemas } from '../../../saga/messages.ts';
import type { Message } from '../../core/message.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { DeadLetterCode } from '../../ports/tables/retry.ts';
import type { StoreFunction } from '../function.ts';
import { messageOf, readEnvelope, textSchema } from './envelope.ts';

/** Why a record cannot be handled as it is. */
export interface RejectedRecord {
  readonly kind: 'rejected';
  readonly code: DeadLetterCode;
  readonly detail: string;
}

export type ParsedRecord =
  | { readonly kind: 'message'; readonly message: Message }
  /** A message of the saga that is none of this function's business. */
  | { readonly kind: 'skipped' }
  | RejectedRecord;

/** Reads a record of a topic. Nothing in it is believed before it went through the schemas. */
export function receive(record: LogRecord, { inputs, isAllowedOnTopic }: Reader): ParsedRecord {
  const { type, source } = record.attributes;
  if (typeof type === 'string' && typeof source === 'string' && isMessageType(type)) {
    if (!isAllowedOnTopic(record.topic, type, source)) {
      return rejected('not_allowed', `${type} of ${source} may not stand in ${record.topic}`);
    }
    if (!inputs.has(type)) return { kind: 'skipped' };
  }
  return parseStored(record);
}

/** Reads a record that was let in before, and then kept: parked, dead or a timer of the function itself. */
export function parseStored(record: LogRecord): ParsedRecord {
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

type Reader = Pick<StoreFunction, 'inputs' | 'isAllowedOnTopic'>;

/** Functions in one thread get the same records: each is read once. */
const reads = new WeakMap<LogRecord, ParsedRecord>();

function rejected(code: DeadLetterCode, detail: string): RejectedRecord {
  return { kind: 'rejected', code, detail };
}

function readRecord({ attributes, value }: LogRecord): ParsedRecord {
  const envelope = readEnvelope(attributes);
  if ('error' in envelope) return rejected('unreadable', envelope.error);
  const { type, schemaversion } = envelope;
  if (!isMessageType(type)) return rejected('unknown_type', `no message type ${type}`);
  if (schemaversion > SCHEMA_VERSION) {
    return rejected('newer_version', `version ${schemaversion} of ${type}; the newest known is ${SCHEMA_VERSION}`);
  }
  const json = parseJson(value);
  if (json === undefined) return rejected('unreadable', 'the data is not JSON');
  const data = schemas[type].safeParse(json);
  if (!data.success) return rejected('unreadable', z.prettifyError(data.error));
  return { kind: 'message', message: messageOf(envelope, data.data) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
