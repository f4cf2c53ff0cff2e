import { z } from '@hono/zod-openapi';
import { AppError } from '../../shared/core/errors.ts';
import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { type App, type AppContext, addPath, answers, problems, readBody } from '../../shared/runtime/http/app.ts';
import { cursorOf, placeOf } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { existingNotice } from './find-notice.ts';
import * as bodies from './representation.ts';
import type { NotificationState } from './state.ts';
import { type DeliveryRow, deliveries, resends } from './tables.ts';

const TAG = 'Notifications';
const PATH = '/operations/notification/notices';
const ofNotice = z.object({ notificationId: z.string().openapi({ description: 'The id of the notice' }) });
const RESENDS_MAX = 100;
const FAILED_NOTICES = { name: 'failed notices' };

type Signed = Pick<z.infer<typeof bodies.sendAgainRequest>, 'who' | 'reason'>;

/** The routes by which operators have failed notices sent again. */
export function addNoticeOperations(app: App, context: FunctionContext): void {
  // The fixed path comes first; no notice has it as its id.
  addPath(app, TAG, `${PATH}/send-again`, {
    post: {
      operationId: 'sendFailedNoticesAgain',
      summary: 'Send failed notices again, the oldest first, each with all its attempts anew',
      description: 'As many as one commit takes; `next` leads to the rest.',
      security: operatorsOnly,
      request: { body: { content: { 'application/json': { schema: bodies.sendFailedAgainRequest } } } },
      responses: {
        200: answers('How many, and how many are left', bodies.allSentAgainSchema),
      },
      handler: (c) => sendFailedAgain(c, context),
    },
  });
  addPath(app, TAG, `${PATH}/{notificationId}`, {
    get: {
      operationId: 'getNotice',
      summary: 'Get a notice, with who sent it again and why',
      description: 'Also one that was sent, which can take longer to find.',
      security: operatorsOnly,
      request: { params: ofNotice },
      responses: { 200: answers('The notice', bodies.operatorNoticeSchema) },
      handler: async (c) => c.json(await operatorBody(context, await existingNotice(context, idIn(c)))),
    },
  });
  addPath(app, TAG, `${PATH}/{notificationId}/send-again`, {
    post: {
      operationId: 'sendNoticeAgain',
      summary: 'Send a failed notice again, with all its attempts anew',
      description: 'It is tried at once, and then as a new one would be.',
      security: operatorsOnly,
      request: {
        params: ofNotice,
        body: { content: { 'application/json': { schema: bodies.sendAgainRequest } } },
      },
      responses: {
        200: answers('The notice, which is pending again', bodies.sentAgainSchema),
        ...problems(409),
      },
      handler: (c) => sendOneAgain(c, context),
    },
  });
}

async function sendOneAgain(c: AppContext, context: FunctionContext): Promise<Response> {
  const { dryRun, ...signed } = await readBody(c, bodies.sendAgainRequest);
  const found = await existingNotice(context, idIn(c));
  if (found.status !== 'failed') throw notFailed(found);
  if (!dryRun && (await submit(context, [found], signed)) === 0)
    throw notFailed(await existingNotice(context, idIn(c)));
  const notice = dryRun ? found : await existingNotice(context, idIn(c));
  return c.json({ dryRun, notification: await operatorBody(context, notice) });
}

async function sendFailedAgain(c: AppContext, context: FunctionContext): Promise<Response> {
  const { dryRun, max, cursor, ...signed } = await readBody(c, bodies.sendFailedAgainRequest);
  const after = placeOf(cursor, FAILED_NOTICES, 'number', 'the body') ?? [0];
  const query = { table: deliveries, fixed: { status: 'failed' }, orderBy: ['position'] } as const;
  const page = await context.store.find({ ...query, after, limit: max });
  const sentAgain = dryRun ? page.length : await submit(context, page, signed);
  const end = page.at(-1)?.position ?? 0;
  const isEnd = page.length < max || (await context.store.find({ ...query, after: [end], limit: 1 })).length === 0;
  const left = isEnd ? 0 : await countAfter(context, page, dryRun);
  return c.json({ dryRun, sentAgain, left, next: isEnd ? null : cursorOf(FAILED_NOTICES, [end]) });
}

/** Failed notices that are left, about: others may fail meanwhile. */
async function countAfter({ store }: FunctionContext, page: readonly DeliveryRow[], dryRun: boolean): Promise<number> {
  const failed = await store.count(deliveries, {}, { status: 'failed' });
  return Math.max(0, failed - (dryRun ? page.length : 0));
}

/** One commit, which looks at each notice again. Returns how many are sent again. */
async function submit(
  context: FunctionContext,
  rows: readonly DeliveryRow[],
  { who, reason }: Signed,
): Promise<number> {
  if (rows.length === 0) return 0;
  const named = rows.map(({ orderId, fact, notificationId }) => ({ orderId, fact, notificationId }));
  const data = { notices: named, who, reason };
  const outcome = await context.submit(newCommand(context, { type: 'SendNoticesAgain', subject: 'notices', data }));
  if (outcome.kind !== 'handled') return 0;
  const { sendings } = outcome.state as NotificationState;
  return sendings.filter(({ status, refusals }) => status === 'pending' && refusals === 0).length;
}

function notFailed({ notificationId, status, dueAt }: DeliveryRow): AppError {
  const next = dueAt === null ? '' : ` and due at ${dueAt}`;
  return new AppError(
    'conflict',
    `notice ${notificationId} is ${status}${next}, and only a failed one can be sent again`,
  );
}

async function operatorBody({ store }: FunctionContext, row: DeliveryRow): Promise<bodies.OperatorNoticeBody> {
  const { orderId, fact } = row;
  const query = { table: resends, where: { orderId, fact }, orderBy: ['sequence'], limit: RESENDS_MAX };
  return bodies.toOperatorBody(row, await store.find(query));
}

function idIn(c: AppContext): string {
  return c.req.param('notificationId') ?? '';
}
