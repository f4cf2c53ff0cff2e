import { catalog } from '../../saga/catalog.ts';
import { inputsOf } from '../../saga/choreography.ts';
import type { RetryPolicy } from '../../shared/core/retry-policy.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { decide } from './decide.ts';
import { sqlite } from './migrations/sqlite.ts';
import { retentionOf } from './retention.ts';
import { defaultSettings, noticePolicyOf } from './settings.ts';
import { evolve, type NotificationEvent, type NotificationInput, type NotificationState } from './state.ts';
import { load, needs, save, tables } from './tables.ts';

/** Tells each customer each fact about an order once. `policy` says when a refused notice is tried again. */
export function createNotification({
  noticeDays,
  policy,
}: {
  readonly noticeDays: number;
  readonly policy: RetryPolicy;
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
    rules: { decide: (state, message) => decide(state, message, policy), evolve },
    needs,
    load,
    save,
  };
}

/** Notification with the default settings. */
export const notification = createNotification({
  noticeDays: defaultSettings.NOTICE_RETENTION_DAYS,
  policy: noticePolicyOf(defaultSettings),
});
