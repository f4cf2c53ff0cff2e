import { z } from 'zod';
import { type Message, newMessage } from '../../core/message.ts';

const TEXT_MAX = 256;
const UTC_MS = /^.{19}\.\d{3}Z$/;
/** The format of a time in {@link attributesSchema}. */
const TIME = z.regexes.datetime({ offset: true });

export const textSchema = z.string().min(1).max(TEXT_MAX);

/**
 * The attributes of a record. Those that only our own functions set have defaults, so that other clients can send
 * commands.
 */
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
  traceparent: z.string().max(TEXT_MAX).nullish(),
});

/** The validated attributes of a record. */
export interface Envelope
  extends Pick<
    Message,
    'id' | 'source' | 'type' | 'time' | 'subject' | 'partitionkey' | 'correlationid' | 'causationid'
  > {
  readonly schemaversion: number;
  readonly traceparent: string | undefined;
}

/** The envelope in these attributes, or a text that says what is wrong with them. */
export function readEnvelope(attributes: Readonly<Record<string, unknown>>): Envelope | { readonly error: string } {
  const known = readComplete(attributes);
  if (known !== null) return known;
  const read = attributesSchema.safeParse(attributes);
  if (!read.success) return { error: z.prettifyError(read.error) };
  const { id, subject, correlationid, causationid, partitionkey, traceparent } = read.data;
  return {
    ...read.data,
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
  const { schemaversion, traceparent } = attributes;
  if (!isText(id) || !isText(source) || !isText(type) || !isText(subject)) return null;
  if (!isText(partitionkey) || !isText(correlationid) || !isText(causationid)) return null;
  if (typeof time !== 'string' || !UTC_MS.test(time) || !TIME.test(time)) return null;
  if (typeof schemaversion !== 'number' || !Number.isSafeInteger(schemaversion) || schemaversion < 1) return null;
  if (traceparent !== undefined && (typeof traceparent !== 'string' || traceparent.length > TEXT_MAX)) return null;
  return { id, source, type, time, subject, partitionkey, correlationid, causationid, schemaversion, traceparent };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX;
}

/** The message with this envelope and this data, in that version of its type. */
export function messageOf(envelope: Envelope, schemaversion: number, data: unknown): Message {
  const { id, source, type, time, subject, partitionkey, correlationid, causationid, traceparent } = envelope;
  return newMessage({
    id,
    source,
    type,
    time,
    subject,
    partitionkey,
    correlationid,
    causationid,
    schemaversion,
    data,
    traceparent,
  });
}
