import { readJson } from '../../../core/json.ts';
import { DATA_BASE64, RAW, RAW_BASE64 } from '../../../core/raw-record.ts';
import { decodeUtf8 } from '../../../core/well-formed.ts';
import type { LogRecord } from '../../../ports/message-log.ts';

/** The two columns of a record. */
type Texts = Pick<LogRecord, 'attributes' | 'value'>;

/**
 * A record of a topic that clients write, who may have put anything into its file. `bytes` reads the columns as they lie there:
 * U+FFFD may have been written, or stand for what is not UTF-8. Nothing is altered: what is no text is kept in base64, for the
 * reader to dead-letter.
 */
export function outsideRecord(
  attributes: string,
  value: string,
  bytes: () => readonly [attributes: Buffer, value: Buffer],
): Texts {
  if (!attributes.includes('\uFFFD') && !value.includes('\uFFFD'))
    return { attributes: attributesIn(attributes), value };
  const [rawAttributes, rawValue] = bytes();
  const isText = decodeUtf8(rawAttributes) !== null;
  const read = isText ? attributesIn(attributes) : { [RAW_BASE64]: rawAttributes.toString('base64') };
  if (decodeUtf8(rawValue) !== null) return { attributes: read, value };
  return { attributes: { ...read, [DATA_BASE64]: rawValue.toString('base64') }, value: '' };
}

/** Text that is no JSON object, or none that every reader reads alike, stays as it is: it does not stop the topic. */
function attributesIn(text: string): LogRecord['attributes'] {
  const read = readJson(text);
  const isObject =
    'value' in read && typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value);
  return isObject ? (read.value as LogRecord['attributes']) : { [RAW]: text };
}
