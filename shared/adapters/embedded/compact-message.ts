import type { Message } from '../../core/message.ts';

type Attributes = Omit<Message, 'data'>;

/** The values that each message has, and those after which there may be more. */
const LEAST = 8;

/**
 * The attributes of a message from a function, as they are stored: their values without names, in the order of {@link attributesOf}. The
 * ones that are always the same are left out, and at the end those that are absent; a partition key that is the subject is null.
 */
export function compactAttributes(message: Attributes): readonly unknown[] {
  const { id, source, type, time, subject, correlationid, causationid, schemaversion } = message;
  const { partitionkey, traceparent, requestedat } = message;
  const values = [id, source, type, time, subject, correlationid, causationid, schemaversion];
  if (partitionkey === subject && traceparent === undefined && requestedat === undefined) return values;
  return [...values, partitionkey === subject ? null : partitionkey, traceparent ?? null, requestedat ?? null];
}

/**
 * The attributes in a parsed JSON value: compact, or an object with names, as they were stored formerly. What they hold is not checked.
 * Null for any other value.
 */
export function attributesOf(value: unknown): Attributes | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return value as Attributes;
  if (value.length < LEAST) return null;
  const [id, source, type, time, subject, correlationid, causationid, schemaversion] = value;
  const [partitionkey, traceparent, requestedat] = value.slice(LEAST);
  const attributes: Attributes = {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    subject,
    datacontenttype: 'application/json',
    partitionkey: partitionkey ?? subject,
    correlationid,
    causationid,
    schemaversion,
  };
  if (value.length === LEAST) return attributes;
  return {
    ...attributes,
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof requestedat === 'string' && { requestedat }),
  };
}

/** A whole message, as it is stored in one column: its compact attributes, and its data. */
export function compactMessage({ data, ...attributes }: Message): readonly unknown[] {
  return [compactAttributes(attributes), data];
}

/** The message in a parsed JSON value: compact, or an object with names, as it was stored formerly. */
export function messageOf(value: unknown): Message {
  if (!Array.isArray(value)) return value as Message;
  const [attributes, data] = value;
  return { ...(attributesOf(attributes) as Attributes), data };
}
