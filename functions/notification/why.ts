import type { Store } from '../../shared/ports/store.ts';
import type { Wait } from '../../shared/runtime/why/wait.ts';
import { noticeStatuses } from './state.ts';
import { type DeliveryRow, deliveries } from './tables.ts';

/** More than an order has facts. */
const NOTICES_MAX = 20;

/** The notices of an order that the channel has refused: those that have failed, and those that are tried again. */
export async function noticeWaits(store: Store, orderId: string): Promise<readonly Wait[]> {
  const rows = await store.find({ table: deliveries, where: { orderId }, orderBy: ['position'], limit: NOTICES_MAX });
  const unsent = rows.filter(({ status, lastError }) => status !== 'sent' && lastError !== null);
  return unsent.sort((one, other) => rank(one) - rank(other)).map(waitOf);
}

/** Failed ones first: they wait for a person. */
function rank({ status }: DeliveryRow): number {
  return -noticeStatuses.indexOf(status);
}

function waitOf({ notificationId, fact, status, refusals, dueAt, lastError, createdAt }: DeliveryRow): Wait {
  const error = lastError ?? '';
  const what = `the notice ${notificationId} of ${fact}`;
  const ended = status === 'failed' ? `has failed after attempt ${refusals}` : `was refused at attempt ${refusals}`;
  const next = status === 'failed' ? 'an operator can have it sent again' : `it is tried again at ${dueAt}`;
  return {
    at: 'notification',
    kind: 'unsent',
    detail: `${what} ${ended} (${error}); ${next}`,
    since: createdAt,
    ...(dueAt === null ? {} : { until: dueAt }),
    message: { id: notificationId, type: fact },
    error,
    attempt: refusals,
  };
}
