import { z } from '@hono/zod-openapi';
import { type DeadLetterSummary, deadLetterSummaries, resolutions } from '../../ports/tables/retry.ts';
import { type App, type AppContext, addPath, answers, problems, readBody, readQuery } from '../http/app.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../http/paging.ts';
import { type DeadLetterScope, existingDeadLetter } from './dead-letter.ts';
import { type DryRun, dryRunClose, dryRunEdit, dryRunReplay } from './dry-run.ts';
import { groupsOf } from './groups.ts';
import { addBulkReplays } from './replay-routes.ts';
import { close, countBehind, edit, replay } from './resolve.ts';
import { jsonBody, ofFunction, operatorsOnly, own, PATH, TAG } from './route-parts.ts';
import * as bodies from './schemas.ts';

export { operatorsOnly };

const RESOLUTIONS_MAX = 100;
const ofDeadLetter = z.object({
  ...ofFunction.shape,
  letter: z.string().openapi({ description: 'The id of the dead letter' }),
});
const listQuery = z.strictObject({
  ...bodies.filterSchemas,
  status: bodies.statusQuerySchema
    .default('open')
    .openapi({ description: 'Only those in this status; `all`: resolved or not' }),
  ...pageQuery,
});

/** The routes by which operators list and resolve the dead letters of a function. */
export function addDeadLetterRoutes(app: App, scope: DeadLetterScope): void {
  addFormerPaths(app);
  // The fixed paths come first; no dead letter has one of them as its id.
  addLists(app, scope);
  addBulkReplays(app, scope);
  addOne(app, scope);
  addResolutions(app, scope);
}

/** The former paths redirect for one more release. */
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
      operationId: 'listDeadLetters',
      summary: 'List dead letters, the oldest first; only open ones by default',
      description: 'A page of the messages that the function could not handle.',
      request: { params: ofFunction, query: listQuery },
      security: operatorsOnly,
      responses: { 200: answers('A page of dead letters', page) },
      handler: (c) => listDeadLetters(c, own(c, scope)),
    },
  });
  addPath(app, TAG, `${PATH}/groups`, {
    get: {
      operationId: 'groupDeadLetters',
      summary: 'Open dead letters grouped by cause, the largest group first',
      description: 'A group has one fingerprint: the same failure at the same place.',
      request: { params: ofFunction },
      security: operatorsOnly,
      responses: { 200: answers('The groups', bodies.groupsSchema) },
      handler: async (c) => c.json(await groupsOf(own(c, scope))),
    },
  });
}

function addOne(app: App, scope: DeadLetterScope): void {
  addPath(app, TAG, `${PATH}/{letter}`, {
    get: {
      operationId: 'getDeadLetter',
      summary: 'Get a dead letter with its data, its resolutions, and the number of messages that wait behind it',
      description: 'Its links name what can be done about it.',
      request: { params: ofDeadLetter },
      security: operatorsOnly,
      responses: { 200: answers('The dead letter', bodies.deadLetterSchema) },
      handler: async (c) => {
        const ours = own(c, scope);
        const row = await existingDeadLetter(ours, deadLetterIdIn(c));
        const where = { letter: row.letter };
        const resolved = await ours.context.store.find({
          table: resolutions,
          where,
          orderBy: ['sequence'],
          limit: RESOLUTIONS_MAX,
        });
        return c.json(bodies.toDeadLetterBody(ours.fn.name, row, await countBehind(ours, row), resolved));
      },
    },
  });
}

function addResolutions(app: App, scope: DeadLetterScope): void {
  addResolution(app, scope, {
    action: 'replay',
    operationId: 'replayDeadLetter',
    summary: 'Try it once more, under its own id, before the messages behind it',
    schema: bodies.replayRequest,
    dryRun: (ours, id, { force }) => dryRunReplay(ours, id, force),
    resolve: async (ours, id, body) => ({ row: await replay(ours, id, body, body), differences: null }),
  });
  addResolution(app, scope, {
    action: 'edit',
    operationId: 'editDeadLetter',
    summary: 'Replace it by a new message with other data; the first one is never handled',
    schema: bodies.editRequest,
    dryRun: (ours, id, { data }) => dryRunEdit(ours, id, data),
    resolve: (ours, id, body) => edit(ours, id, body.data, body),
  });
  addResolution(app, scope, {
    action: 'discard',
    operationId: 'discardDeadLetter',
    summary: 'Never handle it, even when it is delivered again; the messages behind it continue',
    schema: bodies.closeRequest,
    dryRun: dryRunClose,
    resolve: async (ours, id, body) => ({ row: await close(ours, id, 'discard', body), differences: null }),
  });
  addResolution(app, scope, {
    action: 'compensate',
    operationId: 'compensateDeadLetter',
    summary:
      'Discard it because its order is cancelled. At the gateway this first cancels the order, and changes nothing ' +
      'where that is refused; at the function itself it is the resolution alone',
    schema: bodies.closeRequest,
    dryRun: dryRunClose,
    resolve: async (ours, id, body) => ({ row: await close(ours, id, 'compensate', body), differences: null }),
  });
}

interface ResolutionRoute<Body extends { readonly dryRun: boolean }> {
  readonly action: string;
  readonly operationId: string;
  readonly summary: string;
  readonly schema: z.ZodType<Body>;
  dryRun(scope: DeadLetterScope, id: string, body: Body): Promise<DryRun>;
  resolve(scope: DeadLetterScope, id: string, body: Body): Promise<Pick<DryRun, 'row' | 'differences'>>;
}

function addResolution<Body extends { readonly dryRun: boolean }>(
  app: App,
  scope: DeadLetterScope,
  { action, operationId, summary, schema, dryRun, resolve }: ResolutionRoute<Body>,
): void {
  addPath(app, TAG, `${PATH}/{letter}/${action}`, {
    post: {
      operationId,
      summary,
      description: 'Only an open dead letter can be resolved. With `dryRun` nothing is changed.',
      request: { params: ofDeadLetter, body: jsonBody(schema) },
      security: operatorsOnly,
      responses: {
        200: answers('The dead letter after it, or what would happen', bodies.resolvedSchema),
        ...problems(409),
      },
      handler: async (c) => {
        const ours = own(c, scope);
        const id = deadLetterIdIn(c);
        const body = await readBody(c, schema);
        if (body.dryRun) return c.json(resolvedBody(ours, true, await dryRun(ours, id, body)));
        const behind = await countBehind(ours, await existingDeadLetter(ours, id));
        return c.json(resolvedBody(ours, false, { foreseen: null, behind, ...(await resolve(ours, id, body)) }));
      },
    },
  });
}

async function listDeadLetters(c: AppContext, { fn, context }: DeadLetterScope): Promise<Response> {
  const { limit, cursor, status, code, fingerprint, key } = readQuery(c, listQuery);
  const filter = { code, fingerprint, key, status: status === 'all' ? undefined : status };
  const list = { name: `dead letters of ${fn.name}`, filters: filter };
  const after = placeOf(cursor, list, 'number');
  const where = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const rows = await context.store.find<DeadLetterSummary>({
    table: deadLetterSummaries,
    where,
    orderBy: ['sequence'],
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, list, ({ sequence = 0 }) => [sequence]);
  return c.json({
    letters: page.map((summary) => bodies.toSummaryBody(fn.name, summary)),
    _links: pageLinks(c.req.url, next),
  });
}

function resolvedBody({ fn }: DeadLetterScope, dryRun: boolean, { row, foreseen, differences, behind }: DryRun) {
  return { dryRun, letter: bodies.toSummaryBody(fn.name, row), foreseen, diff: differences, behind };
}

function deadLetterIdIn(c: AppContext): string {
  return c.req.param('letter') ?? '';
}
