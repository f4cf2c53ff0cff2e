import { z } from '@hono/zod-openapi';
import { linksSchema } from '../http/paging.ts';
import { bulkReplayRequest, filterSchemas, replayedSchema } from './schemas.ts';

/** Bulk replays that run by themselves, as clients see them. */

/** The most dead letters of one such replay. */
const LETTERS_MAX = 100_000;

export const startReplayRequest = bulkReplayRequest
  .omit({ dryRun: true })
  .extend({ max: z.int().min(1).max(LETTERS_MAX).default(LETTERS_MAX) })
  .openapi('StartReplay', { example: { who: 'ann', reason: 'inventory is fixed', code: 'failed' } });
export type StartReplayBody = z.input<typeof startReplayRequest>;

/** `done`: it did all it was asked to. `stopped`: `stopped` says why. */
const replayStates = ['running', 'stopping', 'done', 'stopped'] as const;

export const replayJobSchema = replayedSchema
  .omit({ dryRun: true })
  .extend({
    replay: z.string().openapi({ description: 'The id of the replay' }),
    function: z.string(),
    state: z.enum(replayStates).openapi({ description: 'Until it is done or stopped, the counts still change' }),
    who: z.string(),
    reason: z.string(),
    filter: z.object(filterSchemas).openapi({ description: 'Which dead letters it replays' }),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    planned: z.array(z.int()).openapi({ description: 'The sizes of all batches, for what was open at its start' }),
    _links: linksSchema.openapi({ description: '`stop` is there while it can be stopped' }),
  })
  .openapi('Replay');
export type ReplayJobBody = z.infer<typeof replayJobSchema>;

/** The newest replays of a function, the newest first. */
export const replayJobsSchema = z.object({ replays: z.array(replayJobSchema) });
export type ReplayJobsBody = z.infer<typeof replayJobsSchema>;
