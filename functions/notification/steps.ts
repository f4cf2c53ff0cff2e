import type { Store } from '../../shared/ports/store.ts';
import type { OwnStep } from '../../shared/runtime/inspect/inspected.ts';
import { type DeliveryRow, deliveries } from './tables.ts';

/** More than an order has facts. */
const NOTICES_MAX = 20;

/** The notices of an order, each as the step that follows its fact. */
export async function noticeSteps(store: Store, orderId: string): Promise<readonly OwnStep[]> {
  const rows = await store.find({ table: deliveries, where: { orderId }, orderBy: ['position'], limit: NOTICES_MAX });
  return rows.map(stepOf);
}

/** A notice has the id of its fact, so as a step it needs another one. */
function stepOf({ notificationId, fact, createdAt, status, lastError }: DeliveryRow): OwnStep {
  return {
    id: `notice:${notificationId}`,
    type: `${fact} notice`,
    time: createdAt,
    causationId: notificationId,
    notice: { status, detail: status === 'sent' ? null : lastError },
  };
}
