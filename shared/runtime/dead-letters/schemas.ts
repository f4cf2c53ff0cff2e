import { z } from '@hono/zod-openapi';
import { trimmedTextSchema } from '../../core/text-length.ts';
import type { DeadLetterRow, DeadLetterSummary, ResolutionRow } from '../../ports/tables/retry.ts';
import { linksSchema } from '../http/paging.ts';

/** Dead letters and their resolutions as clients see them: for validation and documentation. */

const codes = [
  'unreadable',
  'unknown_type',
  'not_allowed',
  'id_reused',
  'refused',
  'late',
  'newer_version',
  'failed',
] as const satisfies readonly DeadLetterRow['code'][];
const statuses = [
  'open',
  'replaying',
  'replayed',
  'edited',
  'discarded',
  'compensated',
] as const satisfies readonly DeadLetterRow['status'][];
const actions = [
  'replay',
  'edit',
  'discard',
  'compensate',
  'upgrade',
] as const satisfies readonly ResolutionRow['action'][];

const codeSchema = z.enum(codes);
/** `all`: resolved or not. */
export const statusQuerySchema = z.enum([...statuses, 'all']);
const textSchema = z.string().min(1).max(256);
export const filterSchemas = {
  code: codeSchema.optional().openapi({ description: 'Only those that failed in this way' }),
  fingerprint: textSchema.optional().openapi({ description: 'Only those of this group' }),
  key: textSchema.optional().openapi({ description: 'Only those of this partition key, such as the id of an order' }),
};

const summaryShape = {
  letter: z.string(),
  function: z.string(),
  status: z.enum(statuses),
  code: codeSchema,
  detail: z.string(),
  fingerprint: z.string(),
  key: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()),
  topic: z.string(),
  partition: z.int(),
  position: z.int(),
  attempts: z.int(),
  replays: z.int(),
  diedAt: z.string(),
  decidedAt: z.string().nullable(),
  _links: linksSchema,
};
export const deadLetterSummarySchema = z.object(summaryShape).openapi('DeadLetterSummary');
export type DeadLetterSummaryBody = z.infer<typeof deadLetterSummarySchema>;

const resolutionSchema = z
  .object({
    action: z.enum(actions),
    who: z.string(),
    at: z.string(),
    reason: z.string(),
    before: z.unknown(),
    after: z.unknown(),
  })
  .openapi('Resolution');

export const deadLetterSchema = z
  .object({
    ...summaryShape,
    value: z.string().openapi({ description: 'The data as it was received' }),
    behind: z.int().openapi({ description: 'Messages of its key that wait until it is resolved' }),
    decisions: z.array(resolutionSchema),
  })
  .openapi('DeadLetter');
export type DeadLetterBody = z.infer<typeof deadLetterSchema>;

export const groupSchema = z
  .object({
    function: z.string(),
    fingerprint: z.string(),
    code: codeSchema,
    detail: z.string().openapi({ description: 'The first line of the newest one' }),
    count: z.int(),
    oldest: z.string(),
    newest: z.string(),
    replays: z.int(),
  })
  .openapi('DeadLetterGroup');
export type GroupBody = z.infer<typeof groupSchema>;
export const groupsSchema = z.object({
  groups: z.array(groupSchema),
  isWhole: z.boolean().openapi({ description: 'False where there are more dead letters than were read' }),
});

const signedShape = {
  who: trimmedTextSchema(200),
  reason: trimmedTextSchema(500),
  dryRun: z.boolean().default(false).openapi({ description: 'Only report what would happen' }),
};
const force = z
  .boolean()
  .default(false)
  .openapi({ description: 'Also past DEAD_LETTER_REPLAYS_MAX and INBOX_RETENTION_DAYS' });
export const closeRequest = z.strictObject(signedShape).openapi('CloseDeadLetter');
export const replayRequest = z.strictObject({ ...signedShape, force }).openapi('ReplayDeadLetter');
export const editRequest = z
  .strictObject({ ...signedShape, data: z.unknown().refine((data) => data !== undefined, 'must be there') })
  .openapi('EditDeadLetter');
export const bulkReplayRequest = z
  .strictObject({
    ...signedShape,
    force,
    ...filterSchemas,
    status: z.literal('open').default('open'),
    max: z.int().min(1).max(1_000).default(100),
    perSecond: z.int().min(1).max(1_000).optional(),
  })
  .openapi('ReplayDeadLetters');

export const resolvedSchema = z
  .object({
    dryRun: z.boolean(),
    letter: deadLetterSummarySchema,
    foreseen: z
      .object({
        outcome: z.string(),
        events: z.array(z.record(z.string(), z.unknown())),
        writes: z.array(z.object({ table: z.string(), row: z.record(z.string(), z.unknown()), removed: z.boolean() })),
        error: z.string().nullable(),
      })
      .nullable()
      .openapi({ description: 'What the message would do; only for a dry run of replay and edit' }),
    diff: z
      .array(z.object({ pointer: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
      .nullable()
      .openapi({ description: 'What an edit changes' }),
    behind: z.int().openapi({ description: 'Messages of its key that waited for the resolution' }),
  })
  .openapi('Resolved');
export type ResolvedBody = z.infer<typeof resolvedSchema>;

export const replayedSchema = z
  .object({
    dryRun: z.boolean(),
    replayed: z.int(),
    passed: z.int(),
    failed: z.int(),
    skipped: z.int().openapi({ description: 'Not replayed because that was refused; unchanged' }),
    stopped: z.string().nullable().openapi({ description: 'Why the replay stopped early' }),
    waves: z.array(z.object({ letters: z.int(), passed: z.int(), failed: z.int(), waiting: z.int() })),
    left: z.int().openapi({ description: 'Open dead letters that match and remain' }),
  })
  .openapi('Replayed');
export type ReplayedBody = z.infer<typeof replayedSchema>;

export function toSummaryBody(name: string, summary: DeadLetterSummary): DeadLetterSummaryBody {
  const { letter, status, code, detail, fingerprint, key, attributes, topic, partition, position } = summary;
  const { attempts, replays, diedAt, decidedAt } = summary;
  const self = `/operations/${name}/dead-letters/${letter}`;
  const open = Object.fromEntries(
    ['replay', 'edit', 'discard', 'compensate'].map((action) => [
      action,
      { href: `${self}/${action}`, method: 'POST' },
    ]),
  );
  return {
    ...{ letter, function: name, status, code, detail, fingerprint, key, attributes, topic, partition, position },
    ...{ attempts, replays, diedAt, decidedAt },
    _links: { self: { href: self }, ...(status === 'open' ? open : {}) },
  };
}

export function toDeadLetterBody(
  name: string,
  row: DeadLetterRow,
  behind: number,
  resolutions: readonly ResolutionRow[],
): DeadLetterBody {
  const decisions = resolutions.map(({ action, who, at, reason, before, after }) => {
    return { action, who, at, reason, before, after };
  });
  return { ...toSummaryBody(name, row), value: row.value, behind, decisions };
}
