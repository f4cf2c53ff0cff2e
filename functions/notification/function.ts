import { catalog } from '../../saga/catalog.ts';
import { inputsOf } from '../../saga/choreography.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { decide } from './decide.ts';
import { sqlite } from './migrations/sqlite.ts';
import { retentionOf } from './retention.ts';
import { evolve, type NotificationEvent, type NotificationInput, type NotificationState } from './state.ts';
import { load, needs, save, tables } from './tables.ts';

/** Tells each customer each fact about an order once. */
export function createNotification({
  noticeDays,
}: {
  readonly noticeDays: number;
}): StoreFunction<NotificationState, NotificationInput, NotificationEvent> {
  return {
    name: 'notification',
    inputs: inputsOf('notification'),
    consumes: ['order-events'],
    // The outcome usually follows at once, and both are written together.
    deferrable: new Set<NotificationInput['type']>(['OrderPlaced']),
    catalog,
    publishes: null,
    tables,
    migrations: { sqlite },
    retention: retentionOf(noticeDays),
    rules: { decide, evolve },
    needs,
    load,
    save,
  };
}

/** Notification with the default retention. */
export const notification = createNotification({ noticeDays: 365 });
