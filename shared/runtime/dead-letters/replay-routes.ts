import { z } from '@hono/zod-openapi';
import { type App, type AppContext, addPath, answers, locationHeader, problems, readBody } from '../http/app.ts';
import { batchSizes, countOpen, replayInBatches } from './bulk-replay.ts';
import type { DeadLetterScope } from './dead-letter.ts';
import { ReplayJobs } from './replay-jobs.ts';
import { replayJobSchema, replayJobsSchema, startReplayRequest } from './replay-schemas.ts';
import { jsonBody, ofFunction, operatorsOnly, own, PATH, TAG } from './route-parts.ts';
import * as bodies from './schemas.ts';

const REPLAYS_PATH = '/operations/{function}/replays';
const ofReplay = z.object({
  ...ofFunction.shape,
  replay: z.string().openapi({ description: 'The id of the replay' }),
});

/** The routes by which operators replay many dead letters: as one request, or as a replay that runs by itself. */
export function addBulkReplays(app: App, scope: DeadLetterScope): void {
  const jobs = new ReplayJobs(scope);
  addAwaitedReplay(app, scope, jobs);
  addPath(app, TAG, REPLAYS_PATH, {
    get: {
      operationId: 'listReplays',
      summary: 'List the bulk replays that run by themselves, the newest first',
      description: 'Those since the function has started, the last 20 at most. A restart ends and forgets them.',
      request: { params: ofFunction },
      security: operatorsOnly,
      responses: { 200: answers('The replays', replayJobsSchema) },
      handler: (c) => c.json({ replays: own(c, scope) && jobs.list() }),
    },
    post: {
      operationId: 'startReplay',
      summary: 'Start a bulk replay that runs by itself, in batches of 1, 2, 5, 10, …; a recurring failure ends it',
      description:
        'Its own path says how far it is. One bulk replay runs at a time. It is kept in memory: a restart of the function ends ' +
        'it, and what was not replayed stays open. What it would do is told by a dry run of `replayDeadLetters`.',
      request: { params: ofFunction, body: jsonBody(startReplayRequest) },
      security: operatorsOnly,
      responses: {
        202: answers('The replay, which has begun', replayJobSchema, 'application/json', {
          ...locationHeader('the replay', '/operations/order/replays/6f1c2a90'),
        }),
        ...problems(409),
      },
      handler: async (c) => {
        const { limits } = own(c, scope);
        const { status: _, perSecond = limits.perSecond, ...request } = await readBody(c, startReplayRequest);
        const job = await jobs.start({ ...request, perSecond });
        return c.json(job, 202, { location: job._links['self']?.href ?? '' });
      },
    },
  });
  addPath(app, TAG, `${REPLAYS_PATH}/{replay}`, {
    get: {
      operationId: 'getReplay',
      summary: 'Get a bulk replay: its batches so far, and why it has stopped',
      description: 'It ends when all is replayed, when a failure recurs, or when it is stopped.',
      request: { params: ofReplay },
      security: operatorsOnly,
      responses: { 200: answers('The replay', replayJobSchema) },
      handler: (c) => c.json(own(c, scope) && jobs.find(idIn(c))),
    },
    delete: {
      operationId: 'stopReplay',
      summary: 'Stop a bulk replay: no further dead letter is replayed',
      description: 'Those that are replayed already are waited for. One that has ended stays as it is.',
      request: { params: ofReplay },
      security: operatorsOnly,
      responses: { 200: answers('The replay, which stops', replayJobSchema) },
      takesBody: false,
      handler: (c) => c.json(own(c, scope) && jobs.stop(idIn(c))),
    },
  });
}

function addAwaitedReplay(app: App, scope: DeadLetterScope, jobs: ReplayJobs): void {
  addPath(app, TAG, `${PATH}/replay`, {
    post: {
      operationId: 'replayDeadLetters',
      description: 'Takes a minute at most, and says what is left. One bulk replay runs at a time.',
      summary: 'Replay open dead letters, the oldest first, in batches of 1, 2, 5, 10, …; a recurring failure ends it',
      request: { params: ofFunction, body: jsonBody(bodies.bulkReplayRequest) },
      security: operatorsOnly,
      responses: {
        200: answers('What was replayed, and what is left', bodies.replayedSchema),
        ...problems(409),
      },
      handler: async (c) => {
        const ours = own(c, scope);
        const {
          dryRun,
          status: _,
          perSecond = ours.limits.perSecond,
          ...request
        } = await readBody(c, bodies.bulkReplayRequest);
        if (dryRun) return c.json(await dryRunBulkReplay(ours, request));
        const replayed = await jobs.alone(() => replayInBatches(ours, { ...request, perSecond }));
        return c.json({ dryRun, ...replayed });
      },
    },
  });
}

async function dryRunBulkReplay(
  scope: DeadLetterScope,
  request: Parameters<typeof countOpen>[1] & { readonly max: number },
) {
  const left = await countOpen(scope, request);
  const waves = batchSizes(Math.min(left, request.max)).map((letters) => ({
    letters,
    passed: 0,
    failed: 0,
    waiting: 0,
  }));
  return { dryRun: true, replayed: 0, passed: 0, failed: 0, skipped: 0, stopped: null, waves, left };
}

function idIn(c: AppContext): string {
  return c.req.param('replay') ?? '';
}
