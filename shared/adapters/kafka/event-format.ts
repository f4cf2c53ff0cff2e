import { hash } from 'node:crypto';
import { readJson } from '../../core/json.ts';
import { membersIn } from '../../core/json-member.ts';
import { DATA_BASE64, RAW, RAW_BASE64 } from '../../core/raw-record.ts';
import type { Origin } from '../../core/read-marks.ts';
import { RECEIVED_AT } from '../../core/receipt.ts';
import { decodeUtf8, isWellFormed } from '../../core/well-formed.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { KafkaRecord } from './kafka-client.ts';

/** The headers of a record that {@link structuredEvent} made. */
export const EVENT_HEADERS = { 'content-type': 'application/cloudevents+json; charset=UTF-8' } as const;

const CONTENT_TYPE = 'content-type';
const BINARY_PREFIX = 'ce_';
const PROOF_LENGTH_MAX = 256;

/** The extension attributes that say which message of an outbox a record is a copy of, and which run of its relay sent it. */
const TOKEN = 'relaytoken';
const EPOCH = 'outboxepoch';
const POSITION = 'outboxposition';
const EPOCH_LENGTH_MAX = 64;

type Attributes = Record<string, unknown>;
interface Content extends Pick<LogRecord, 'attributes' | 'value'> {
  readonly sent?: Copied;
}
/** A copy of a message of an outbox, and the run of the relay that sent it. */
type Copied = Origin & { readonly token: number };

/**
 * A message as CloudEvents in the structured JSON format: its two stored texts, put together. Headers for each attribute would
 * make a send three times as slow. The token is a text: CloudEvents has no integers of its size.
 */
export function structuredEvent(attributes: string, data: string | undefined, copied: Copied | null): string {
  const marks =
    copied === null
      ? ''
      : `,"${TOKEN}":"${copied.token}","${EPOCH}":"${copied.epoch}","${POSITION}":"${copied.position}"`;
  return `${attributes.slice(0, -1)}${marks}${data === undefined ? '' : `,"data":${data}`}}`;
}

/**
 * What a record says, whatever its bytes are: what is no event keeps its bytes, for the reader to dead-letter.
 * @param writer the function that alone writes the topic; null: anyone may write it, so the broker's time of receipt is noted
 */
export function readEvent(record: KafkaRecord, writer: string | null): Content {
  const { attributes, value } = contentOf(record);
  if (writer === null) {
    const { [RECEIVED_AT]: _, ...claimed } = attributes as Attributes;
    const received = new Date(record.timestampMs);
    const isKnown = !Number.isNaN(received.getTime());
    return { attributes: isKnown ? { ...claimed, [RECEIVED_AT]: received.toISOString() } : claimed, value };
  }
  const { [TOKEN]: token, [EPOCH]: epoch, [POSITION]: position, ...others } = attributes as Attributes;
  // A stranger who writes where only the function should does not say what was read.
  const sent = attributes['source'] === `/${writer}` ? copiedOf(token, epoch, position) : null;
  return sent === null ? { attributes: others, value } : { attributes: others, value, sent };
}

/** What tells a record from any other at its place: its id, or else a hash of its bytes. */
export function proofOf({ value }: KafkaRecord, { id }: LogRecord['attributes']): string {
  if (typeof id === 'string' && id !== '' && id.length <= PROOF_LENGTH_MAX && isWellFormed(id)) return id;
  return hash('sha1', value ?? '', 'hex').slice(0, 12);
}

function copiedOf(token: unknown, epoch: unknown, position: unknown): Copied | null {
  if (typeof epoch !== 'string' || epoch.length > EPOCH_LENGTH_MAX) return null;
  const copied = { token: Number(token), epoch, position: Number(position) };
  return isCount(copied.token) && isCount(copied.position) ? copied : null;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function contentOf({ value, headers }: KafkaRecord): Content {
  const contentType = decodeUtf8(headers[CONTENT_TYPE] ?? Buffer.alloc(0)) ?? '';
  const isStructured = contentType.startsWith('application/cloudevents');
  const isBinary = !isStructured && Object.keys(headers).some((name) => name.startsWith(BINARY_PREFIX));
  if (isBinary) return binaryContent(value, headers, contentType);
  return value === null ? { attributes: {}, value: '' } : structuredContent(value);
}

function structuredContent(bytes: Buffer): Content {
  const text = decodeUtf8(bytes);
  if (text === null) return { attributes: { [RAW_BASE64]: bytes.toString('base64') }, value: '' };
  const [span, ...more] = membersIn(text, 'data');
  const isOne = span !== undefined && more.length === 0;
  // The data stay as they were written: a parser would alter numbers, and what is there twice.
  const read = readJson(isOne ? `${text.slice(0, span.start)}null${text.slice(span.end)}` : text);
  if (!('value' in read) || !isObject(read.value)) return { attributes: { [RAW]: text }, value: '' };
  const { data: _, ...attributes } = read.value;
  if (isOne) return { attributes, value: text.slice(span.start, span.end).trim() };
  const { [DATA_BASE64]: base64, ...others } = attributes;
  const data = textIn(base64);
  return data === null ? { attributes, value: '' } : { attributes: others, value: data };
}

/** The text that came in base64; null where there is none. */
function textIn(base64: unknown): string | null {
  if (typeof base64 !== 'string') return null;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? decodeUtf8(bytes) : null;
}

function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function binaryContent(bytes: Buffer | null, headers: KafkaRecord['headers'], contentType: string): Content {
  const attributes = headerAttributes(headers);
  if (contentType !== '' && attributes[RAW_BASE64] === undefined) attributes['datacontenttype'] = contentType;
  const text = bytes === null ? '' : decodeUtf8(bytes);
  if (text !== null) return { attributes, value: text };
  return { attributes: { ...attributes, [DATA_BASE64]: (bytes as Buffer).toString('base64') }, value: '' };
}

/** Headers are texts; those that are no texts are kept all together. */
function headerAttributes(headers: KafkaRecord['headers']): Attributes {
  const own = Object.entries(headers).filter(([name]) => name.startsWith(BINARY_PREFIX));
  const attributes: Attributes = {};
  for (const [name, bytes] of own) {
    const text = decodeUtf8(bytes);
    if (text === null) {
      const lines = own.flatMap(([header, value]) => [Buffer.from(`${header}: `), value, Buffer.from('\n')]);
      return { [RAW_BASE64]: Buffer.concat(lines).toString('base64') };
    }
    const attribute = name.slice(BINARY_PREFIX.length);
    if (attribute !== 'data') attributes[attribute] = attribute === 'schemaversion' ? versionIn(text) : text;
  }
  return attributes;
}

function versionIn(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
