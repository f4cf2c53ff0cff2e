import { jsonSentence, parseJson, readJson } from '../../core/json.ts';
import type { Message } from '../../core/message.ts';
import { kindOf, type MessageCatalog, newestVersion, parseAndUpcast } from '../../core/message-catalog.ts';
import { DATA_BASE64, RAW, RAW_BASE64 } from '../../core/raw-record.ts';
import { isWellFormed } from '../../core/well-formed.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { DeadLetterCode } from '../../ports/tables/retry.ts';
import type { StoreFunction } from '../function.ts';
import { messageOf, readEnvelope, textSchema } from './envelope.ts';
import { asReceived } from './receipt.ts';

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
    if (!catalog.isAllowedOnTopic(record.topic, type, source) && isWellFormed(source)) {
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

function parse({ topic, attributes, value }: LogRecord, catalog: MessageCatalog): ParsedRecord {
  const raw = rawSentence(attributes);
  if (raw !== null) return rejected('unreadable', raw);
  const envelope = readEnvelope(attributes);
  if ('error' in envelope) return rejected('unreadable', envelope.error);
  const { type, schemaversion } = envelope;
  const kind = kindOf(catalog, type);
  if (kind === null) return rejected('unknown_type', `no message type ${type}`);
  const newest = newestVersion(kind);
  if (schemaversion > newest) {
    return rejected('newer_version', `version ${schemaversion} of ${type}; the newest known is ${newest}`);
  }
  const isFromOutside = catalog.publicTopics.has(topic);
  const read = isFromOutside ? readJson(value) : { value: parseJson(value) };
  if ('problem' in read) return rejected('unreadable', jsonSentence('the data', read.problem));
  if (read.value === undefined) return rejected('unreadable', 'the data is not JSON');
  const parsed = parseAndUpcast(kind, type, schemaversion, read.value);
  if ('error' in parsed) return rejected('unreadable', parsed.error);
  const subject = envelope.subject ?? subjectIn(parsed.data, catalog.subjectFields);
  if (subject === null)
    return rejected('unreadable', `it has no subject, and its data have none of ${catalog.subjectFields.join(', ')}`);
  const message = messageOf(envelope, newest, parsed.data, subject);
  return { kind: 'message', message: isFromOutside ? asReceived(message, envelope.time, attributes) : message };
}

/** What is wrong with a record that its log could not read as text, or as attributes; null for any other. */
function rawSentence(attributes: LogRecord['attributes']): string | null {
  if (attributes[DATA_BASE64] !== undefined) return `the data is not UTF-8; ${DATA_BASE64} has its bytes`;
  if (attributes[RAW_BASE64] !== undefined) return `the attributes are not UTF-8; ${RAW_BASE64} has their bytes`;
  const raw = attributes[RAW];
  if (typeof raw !== 'string' || attributes['id'] !== undefined) return null;
  const read = readJson(raw);
  return 'problem' in read ? jsonSentence('the text of the attributes', read.problem) : null;
}

/** What the data are about; null where they do not say. */
function subjectIn(data: unknown, names: readonly string[]): string | null {
  for (const name of names) {
    const text = textSchema.safeParse((data as Readonly<Record<string, unknown>> | null)?.[name]);
    if (text.success) return text.data;
  }
  return null;
}
