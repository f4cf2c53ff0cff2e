import { parseJson } from '../../core/json.ts';
import type { Message } from '../../core/message.ts';
import { kindOf, type MessageCatalog, newestVersion, parseAndUpcast } from '../../core/message-catalog.ts';
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
  /** A known message whose type this function does not consume. */
  | { readonly kind: 'skipped' }
  | RejectedRecord;

/** Parses a record of a topic. Nothing in it is trusted before the schemas have checked it. */
export function parseRecord(record: LogRecord, { inputs, catalog }: Reader): ParsedRecord {
  const { type, source } = record.attributes;
  if (typeof type === 'string' && typeof source === 'string' && kindOf(catalog, type) !== null) {
    if (!catalog.isAllowedOnTopic(record.topic, type, source)) {
      return rejected('not_allowed', `${type} of ${source} is not allowed on ${record.topic}`);
    }
    if (!inputs.has(type)) return { kind: 'skipped' };
  }
  return parseStored(record, catalog);
}

/** Parses a stored record that its topic allowed before: parked, dead-lettered, or a timer of the function itself. */
export function parseStored(record: LogRecord, catalog: MessageCatalog): ParsedRecord {
  const known = parsedRecords.get(record);
  if (known?.catalog === catalog) return known.parsed;
  const parsed = parse(record, catalog);
  parsedRecords.set(record, { catalog, parsed });
  return parsed;
}

/** The partition key of a record that may be unreadable; null where it has none. */
export function keyOfRecord({ attributes }: LogRecord): string | null {
  for (const key of [attributes['partitionkey'], attributes['subject']]) {
    const text = textSchema.safeParse(key);
    if (text.success) return text.data;
  }
  return null;
}

type Reader = Pick<StoreFunction, 'inputs' | 'catalog'>;

/** Functions in one thread share records: each record is parsed once. */
const parsedRecords = new WeakMap<LogRecord, { readonly catalog: MessageCatalog; readonly parsed: ParsedRecord }>();

function rejected(code: DeadLetterCode, detail: string): RejectedRecord {
  return { kind: 'rejected', code, detail };
}

function parse({ attributes, value }: LogRecord, catalog: MessageCatalog): ParsedRecord {
  const envelope = readEnvelope(attributes);
  if ('error' in envelope) return rejected('unreadable', envelope.error);
  const { type, schemaversion } = envelope;
  const kind = kindOf(catalog, type);
  if (kind === null) return rejected('unknown_type', `no message type ${type}`);
  const newest = newestVersion(kind);
  if (schemaversion > newest) {
    return rejected('newer_version', `version ${schemaversion} of ${type}; the newest known is ${newest}`);
  }
  const json = parseJson(value);
  if (json === undefined) return rejected('unreadable', 'the data is not JSON');
  const parsed = parseAndUpcast(kind, type, schemaversion, json);
  if ('error' in parsed) return rejected('unreadable', parsed.error);
  return { kind: 'message', message: messageOf(envelope, newest, parsed.data) };
}
