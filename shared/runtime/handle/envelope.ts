import { z } from 'zod';
import { issuesSentence, safeParseInput } from '../../core/issue-sentence.ts';
import { type Message, newMessage } from '../../core/message.ts';
import { utcTimeOf } from '../../core/utc-time.ts';
import { isWellFormed } from '../../core/well-formed.ts';

const TEXT_MAX = 256;
/** The version of CloudEvents that is read: the attributes of another one may mean something else. */
const SPEC_VERSION = '1.0';
const UTC_MS = /^.{19}\.\d{3}Z$/;
/** The days and hours that there are. */
const TIME = z.regexes.datetime({ offset: true });
/** Of a message whose sender gave no time, until the time of its receipt is set. */
const NO_TIME = '1970-01-01T00:00:00.000Z';

const ILL_FORMED = 'it holds U+0000 or half of a surrogate pair';

/** Text that a database keeps as it is: an id that changes there is another message's. */
export const textSchema = z.string().min(1).max(TEXT_MAX).refine(isWellFormed, ILL_FORMED);

/** A time of RFC 3339, of any offset and precision; inside, all times are UTC with milliseconds. */
const timeSchema = z.string().transform((text, context) => {
  const time = utcTimeOf(text);
  if (time !== null) return time;
  context.addIssue({ code: 'custom', message: 'must be a time of RFC 3339' });
  return z.NEVER;
});

/**
 * The attributes of a record. Those that CloudEvents does not require may be missing or, which means the same, null, so
 * that other clients can send commands.
 */
const attributesSchema = z.object({
  specversion: z.literal(SPEC_VERSION).nullish(),
  id: textSchema,
  source: textSchema,
  type: textSchema,
  time: timeSchema.nullish(),
  subject: textSchema.nullish(),
  correlationid: textSchema.nullish(),
  causationid: textSchema.nullish(),
  partitionkey: textSchema.nullish(),
  schemaversion: z.int().min(1).nullish(),
  traceparent: z.string().max(TEXT_MAX).refine(isWellFormed, ILL_FORMED).nullish(),
});

/** The validated attributes of a record. */
export interface Envelope extends Pick<Message, 'id' | 'source' | 'type' | 'correlationid' | 'causationid'> {
  readonly time: string | null;
  readonly subject: string | null;
  /** The subject where the record has none. */
  readonly partitionkey: string | null;
  readonly schemaversion: number;
  readonly traceparent: string | undefined;
}

/** The envelope in these attributes, or a text that says what is wrong with them. */
export function readEnvelope(attributes: Readonly<Record<string, unknown>>): Envelope | { readonly error: string } {
  const known = readComplete(attributes);
  if (known !== null) return known;
  const read = safeParseInput(attributesSchema, attributes);
  if (!read.success) return { error: issuesSentence(read.error) };
  const { specversion: _, ...envelope } = read.data;
  const { id, time = null, subject = null, correlationid, causationid, partitionkey, traceparent } = envelope;
  return {
    ...envelope,
    time,
    subject,
    schemaversion: envelope.schemaversion ?? 1,
    partitionkey: partitionkey ?? subject,
    correlationid: correlationid ?? id,
    causationid: causationid ?? id,
    traceparent: traceparent ?? undefined,
  };
}

/**
 * A fast path: most records come from our own functions and have every attribute. They are checked by hand, in a tenth
 * of the time of the schema. Null for any other record: then the schema decides, and says what is wrong.
 */
function readComplete(attributes: Readonly<Record<string, unknown>>): Envelope | null {
  const { id, source, type, time, subject, partitionkey, correlationid, causationid } = attributes;
  const { specversion, schemaversion, traceparent } = attributes;
  if (specversion !== undefined && specversion !== SPEC_VERSION) return null;
  if (!isText(id) || !isText(source) || !isText(type) || !isText(subject)) return null;
  if (!isText(partitionkey) || !isText(correlationid) || !isText(causationid)) return null;
  if (typeof time !== 'string' || !UTC_MS.test(time) || !TIME.test(time)) return null;
  if (typeof schemaversion !== 'number' || !Number.isSafeInteger(schemaversion) || schemaversion < 1) return null;
  if (traceparent !== undefined && !isText(traceparent)) return null;
  return { id, source, type, time, subject, partitionkey, correlationid, causationid, schemaversion, traceparent };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX && isWellFormed(value);
}

/** The message with this envelope and this data, in that version of its type. `subject`: where the envelope has none. */
export function messageOf(envelope: Envelope, schemaversion: number, data: unknown, subject = ''): Message {
  const { id, source, type, correlationid, causationid, traceparent } = envelope;
  return newMessage({
    id,
    source,
    type,
    time: envelope.time ?? NO_TIME,
    subject: envelope.subject ?? subject,
    partitionkey: envelope.partitionkey ?? subject,
    correlationid,
    causationid,
    schemaversion,
    data,
    traceparent,
  });
}
