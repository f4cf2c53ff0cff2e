import { readJson } from '../../core/json.ts';
import type { MessageBody } from './representation.ts';

/** Bytes of the data of one message that are shown. */
const DATA_BYTES_MAX = 256 * 1024;
/** Characters of one attribute that are shown. */
const ATTRIBUTE_MAX = 4_096;
const ATTRIBUTES_MAX = 100;

/** A message as it is stored: its attributes, and its data as text. */
export interface StoredMessage {
  readonly partition: number;
  readonly position: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: string;
}

/** The key of a message; one from outside may leave it to the subject. */
export function keyIn(attributes: StoredMessage['attributes']): unknown {
  return attributes['partitionkey'] ?? attributes['subject'];
}

/** A message as it is shown: what is too long is cut, and says so. */
export function messageBody({ partition, position, attributes, value }: StoredMessage): MessageBody {
  const place = { partition, position };
  const shown = shownAttributes(attributes);
  const bytes = Buffer.byteLength(value);
  if (bytes > DATA_BYTES_MAX) {
    const data = Buffer.from(value)
      .subarray(0, DATA_BYTES_MAX)
      .toString()
      .replace(/\uFFFD$/, '');
    return { ...place, attributes: shown.attributes, data, isCut: true, isText: true };
  }
  const read = readJson(value);
  const isText = !('value' in read);
  return { ...place, attributes: shown.attributes, data: isText ? value : read.value, isCut: shown.isCut, isText };
}

/** Attributes of our own are short; those from outside have any length and form. */
function shownAttributes(attributes: StoredMessage['attributes']) {
  const entries = Object.entries(attributes);
  let isCut = entries.length > ATTRIBUTES_MAX;
  const shown = entries.slice(0, ATTRIBUTES_MAX).map(([name, value]): [string, unknown] => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    if (text.length <= ATTRIBUTE_MAX && name.length <= ATTRIBUTE_MAX) return [name, value];
    isCut = true;
    return [name.slice(0, ATTRIBUTE_MAX), text.slice(0, ATTRIBUTE_MAX)];
  });
  return { attributes: Object.fromEntries(shown), isCut };
}
