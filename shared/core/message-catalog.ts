import type { z } from 'zod';
import { assert } from './assert.ts';
import { issuesSentence, safeParseInput } from './issue-sentence.ts';
import { adoptFingerprint } from './message.ts';

/** An earlier version of a message type: the schema it was published by, and how its data becomes data of the next version. */
interface OlderVersion {
  readonly schema: z.ZodType;
  upcast(data: unknown): unknown;
}

/**
 * One message type: its versions, the oldest first. The newest is `schema`, and its number is one more than there are older
 * versions. A published version is never changed: {@link nextVersion} adds one.
 */
export interface MessageKind<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly older: readonly OlderVersion[];
}

/** A message type in its first version. */
export function firstVersion<Schema extends z.ZodType>(schema: Schema): MessageKind<Schema> {
  return { schema, older: [] };
}

/**
 * The same message type, one version later. `upcast` turns data of the version before into data of this one; it is pure, and
 * what it returns goes through `schema`.
 */
export function nextVersion<Before extends z.ZodType, Schema extends z.ZodType>(
  before: MessageKind<Before>,
  schema: Schema,
  upcast: (data: z.infer<Before>) => z.input<Schema>,
): MessageKind<Schema> {
  return { schema, older: [...before.older, { schema: before.schema, upcast: upcast as OlderVersion['upcast'] }] };
}

/** Every message of a store: what the runtime reads and writes by, without knowing what the messages are about. */
export interface MessageCatalog {
  /** By message type. */
  readonly kinds: Readonly<Record<string, MessageKind>>;
  /**
   * Fields of the data that repeat the envelope's `subject`, and stand for it where it is missing; an edit of a dead letter
   * cannot change them.
   */
  readonly subjectFields: readonly string[];
  /** The topics that senders outside the store write: the `time` of their records is a claim. */
  readonly publicTopics: ReadonlySet<string>;
  /** Whether a message of this type and source may lie on this topic. Any other is dead-lettered. */
  isAllowedOnTopic(topic: string, type: string, source: string): boolean;
}

/** The message type of this name; null where the catalog has none. */
export function kindOf({ kinds }: MessageCatalog, type: string): MessageKind | null {
  return Object.hasOwn(kinds, type) ? (kinds[type] as MessageKind) : null;
}

/** The version in which messages of this type are written now. @throws {InvariantError} for a type that is not in the catalog. */
export function versionOf(catalog: MessageCatalog, type: string): number {
  const kind = kindOf(catalog, type);
  assert(kind !== null, `no message type ${type}`);
  return newestVersion(kind);
}

export function newestVersion({ older }: MessageKind): number {
  return older.length + 1;
}

/** The data of a message, or a text that says what is wrong with them. */
export type ParsedData = { readonly data: unknown } | { readonly error: string };

/**
 * Data that were published in `version` (from 1 to the newest), checked by the schema of that version and brought to the newest.
 * Upcast data keep the fingerprint of what was published, so that a message that was handled before an upgrade is still a
 * duplicate after it.
 */
export function parseAndUpcast(kind: MessageKind, type: string, version: number, published: unknown): ParsedData {
  const schema = kind.older[version - 1]?.schema ?? kind.schema;
  const parsed = safeParseInput(schema, published);
  if (!parsed.success) return { error: issuesSentence(parsed.error) };
  if (version === newestVersion(kind)) return { data: parsed.data };
  const upcast = kind.older.slice(version - 1).reduce((data, older) => older.upcast(data), parsed.data);
  const newest = safeParseInput(kind.schema, upcast);
  if (!newest.success) return { error: `after its upcast: ${issuesSentence(newest.error)}` };
  adoptFingerprint(newest.data, { type, data: parsed.data });
  return { data: newest.data };
}
