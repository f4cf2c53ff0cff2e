import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';
import { type DeadLetterSummary, deadLetterSummaries, resolutions } from '../../ports/tables/retry.ts';
import { type App, type AppContext, addPath, answers, problems, readBody, readQuery } from '../http/app.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../http/paging.ts';
import { batchSizes, countOpen, replayInBatches } from './bulk-replay.ts';
import { type DeadLetterScope, existingDeadLetter } from './dead-letter.ts';
import { type DryRun, dryRunClose, dryRunEdit, dryRunReplay } from './dry-run.ts';
import { groupsOf } from './groups.ts';
import { close, countBehind, edit, replay } from './resolve.ts';
import * as bodies from './schemas.ts';

const TAG = 'Dead letters';
const PATH = '/operations/{function}/dead-letters';
const RESOLUTIONS_MAX = 100;
const ofFunction = z.object({ function: z.string() });
const ofLetter = z.object({ function: z.string(), letter: z.string() });
/** For the documentation; {@link guardOperations} is what asks for it. */
export const operatorsOnly = [{ operators: [] }];

const listQuery = z.strictObject({
  ...bodies.filterSchemas,
  status: bodies.statusQuerySchema.default('open'),
  ...pageQuery,
});

/** The routes by which people look at the dead letters of a function and decide about them. */
export function addDeadLetterRoutes(app: App, scope: DeadLetterScope): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'operators', { type: 'http', scheme: 'bearer' });
  addFormerPaths(app);
  // The id of a dead letter is never one of the words below, which come first.
  addLists(app, scope);
  addBulkReplay(app, scope);
  addOne(app, scope);
  addResolutions(app, scope);
}

/** The paths had another name, which is redirected for one more release. */
function addFormerPaths(app: App): void {
  app.all('/operations/:function/letters/*', (c) => {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(pathname.replace('/letters', '/dead-letters') + search, 308);
  });
}

function addLists(app: App, scope: DeadLetterScope): void {
  const page = z.object({ letters: z.array(bodies.deadLetterSummarySchema), _links: linksSchema });
  addPath(app, TAG, PATH, {
    get: {
      summary: 'List dead letters, the oldest first; open ones where nothing else is asked for',
      request: { params: ofFunction, query: listQuery },
      security: operatorsOnly,
      responses: { 200: answers('A page of letters', page), ...problems(401, 404, 422) },
      handler: (c) => listDeadLetters(c, own(c, scope)),
    },
  });
  addPath(app, TAG, `${PATH}/groups`, {
    get: {
      summary: 'Open letters by what went wrong, the largest group first',
      request: { params: ofFunction },
      security: operatorsOnly,
      responses: { 200: answers('The groups', bodies.groupsSchema), ...problems(401, 404) },
      handler: async (c) => c.json(await groupsOf(own(c, scope))),
    },
  });
}

function addBulkReplay(app: App, scope: DeadLetterScope): void {
  let isBusy = false;
  addPath(app, TAG, `${PATH}/replay`, {
    post: {
      summary: 'Replay open letters, the oldest first, in waves of 1, 2, 5, 10, …; a failure that comes back ends it',
      request: { params: ofFunction, body: jsonBody(bodies.bulkReplayRequest) },
      security: operatorsOnly,
      responses: {
        200: answers('How far it went', bodies.replayedSchema),
        ...problems(400, 401, 404, 409, 415, 422, 503),
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
        if (isBusy) throw new AppError('conflict', 'letters are being replayed already; wait until that is over');
        isBusy = true;
        try {
          return c.json({ dryRun, ...(await replayInBatches(ours, { ...request, perSecond })) });
        } finally {
          isBusy = false;
        }
      },
    },
  });
}

function addOne(app: App, scope: DeadLetterScope): void {
  addPath(app, TAG, `${PATH}/{letter}`, {
    get: {
      summary: 'Get a letter with all that it holds, what was decided about it, and how many wait behind it',
      request: { params: ofLetter },
      security: operatorsOnly,
      responses: { 200: answers('The letter', bodies.deadLetterSchema), ...problems(401, 404) },
      handler: async (c) => {
        const ours = own(c, scope);
        const row = await existingDeadLetter(ours, letterIn(c));
        const where = { letter: row.letter };
        const decided = await ours.context.store.find({
          table: resolutions,
          where,
          orderBy: ['sequence'],
          limit: RESOLUTIONS_MAX,
        });
        return c.json(bodies.toDeadLetterBody(ours.fn.name, row, await countBehind(ours, row), decided));
      },
    },
  });
}

function addResolutions(app: App, scope: DeadLetterScope): void {
  addResolution(app, scope, {
    action: 'replay',
    summary: 'Try it once more, under its own id, before all that waits behind it',
    schema: bodies.replayRequest,
    foresee: (ours, letter, { force }) => dryRunReplay(ours, letter, force),
    decide: async (ours, letter, body) => ({ row: await replay(ours, letter, body, body), differences: null }),
  });
  addResolution(app, scope, {
    action: 'edit',
    summary: 'Put a new message with other data in its place; the first one is never handled',
    schema: bodies.editRequest,
    foresee: (ours, letter, { data }) => dryRunEdit(ours, letter, data),
    decide: (ours, letter, body) => edit(ours, letter, body.data, body),
  });
  addResolution(app, scope, {
    action: 'discard',
    summary: 'Never handle it, also when it comes again; what waits behind it goes on',
    schema: bodies.closeRequest,
    foresee: dryRunClose,
    decide: async (ours, letter, body) => ({ row: await close(ours, letter, 'discard', body), differences: null }),
  });
  addResolution(app, scope, {
    action: 'compensate',
    summary:
      'Discard it because its order is cancelled. At the gateway this first cancels the order, and changes nothing where ' +
      'that is refused; at the function itself it is the decision alone',
    schema: bodies.closeRequest,
    foresee: dryRunClose,
    decide: async (ours, letter, body) => ({ row: await close(ours, letter, 'compensate', body), differences: null }),
  });
}

interface ResolutionRoute<Body extends { readonly dryRun: boolean }> {
  readonly action: string;
  readonly summary: string;
  readonly schema: z.ZodType<Body>;
  foresee(scope: DeadLetterScope, letter: string, body: Body): Promise<DryRun>;
  decide(scope: DeadLetterScope, letter: string, body: Body): Promise<Pick<DryRun, 'row' | 'differences'>>;
}

function addResolution<Body extends { readonly dryRun: boolean }>(
  app: App,
  scope: DeadLetterScope,
  { action, summary, schema, foresee, decide }: ResolutionRoute<Body>,
): void {
  addPath(app, TAG, `${PATH}/{letter}/${action}`, {
    post: {
      summary,
      request: { params: ofLetter, body: jsonBody(schema) },
      security: operatorsOnly,
      responses: {
        200: answers('The letter after it, or what would happen', bodies.resolvedSchema),
        ...problems(400, 401, 404, 409, 413, 415, 422, 503, 507),
      },
      handler: async (c) => {
        const ours = own(c, scope);
        const letter = letterIn(c);
        const body = await readBody(c, schema);
        if (body.dryRun) return c.json(resolvedBody(ours, true, await foresee(ours, letter, body)));
        const behind = await countBehind(ours, await existingDeadLetter(ours, letter));
        return c.json(resolvedBody(ours, false, { foreseen: null, behind, ...(await decide(ours, letter, body)) }));
      },
    },
  });
}

async function listDeadLetters(c: AppContext, { fn, context }: DeadLetterScope): Promise<Response> {
  const { limit, cursor, status, code, fingerprint, key } = readQuery(c, listQuery);
  const after = placeOf(cursor, 'number');
  const filter = { code, fingerprint, key, status: status === 'all' ? undefined : status };
  const where = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const rows = await context.store.find<DeadLetterSummary>({
    table: deadLetterSummaries,
    where,
    orderBy: ['sequence'],
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, ({ sequence = 0 }) => [sequence]);
  return c.json({
    letters: page.map((head) => bodies.toSummaryBody(fn.name, head)),
    _links: pageLinks(c.req.url, next),
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

function resolvedBody({ fn }: DeadLetterScope, dryRun: boolean, { row, foreseen, differences, behind }: DryRun) {
  return { dryRun, letter: bodies.toSummaryBody(fn.name, row), foreseen, diff: differences, behind };
}

/** @throws {AppError} `not_found` for the name of another function. */
function own(c: AppContext, scope: DeadLetterScope): DeadLetterScope {
  const name = c.req.param('function') ?? '';
  if (name !== scope.fn.name)
    throw new AppError('not_found', `${name.slice(0, 64)} is not here; this is ${scope.fn.name}`);
  return scope;
}

function letterIn(c: AppContext): string {
  return c.req.param('letter') ?? '';
}

function jsonBody(schema: z.ZodType) {
  return { content: { 'application/json': { schema } } };
}
