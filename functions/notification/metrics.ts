import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Logger } from '../../shared/runtime/observe/logger.ts';
import type { NoticeStatus, Sending } from './state.ts';
import { deliveries } from './tables.ts';

interface Parts {
  readonly registry: Registry;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Counts attempts to send notices, and logs the first refusal of a notice and its failure. Returns what is called with the
 * notices as they are after an attempt, and the ids of those that the channel has refused.
 */
export function reportAttempts({ registry, store, clock, logger }: Parts) {
  const attempts = new Counter({
    name: 'saga_notice_attempts_total',
    help: 'Attempts to send a notice by result: sent, retried (refused, and tried again later), failed (refused for good)',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of ['sent', 'retried', 'failed']) attempts.inc({ result }, 0);
  addGauges(registry, store, clock);
  return (sendings: readonly Sending[], refused: ReadonlySet<string>): void => {
    const results = { sent: 0, retried: 0, failed: 0 };
    for (const sending of sendings) {
      if (!refused.has(sending.notificationId)) results.sent += 1;
      else if (sending.status === 'failed') results.failed += 1;
      else results.retried += 1;
      if (refused.has(sending.notificationId)) logRefusal(logger, sending);
    }
    for (const [result, count] of Object.entries(results)) if (count > 0) attempts.inc({ result }, count);
  };
}

function logRefusal(logger: Logger, { notificationId, orderId, fact, status, ...sending }: Sending): void {
  const { refusals: attempts, dueAt, lastError } = sending;
  const fields = { notificationId, orderId, fact, attempts, dueAt, lastError };
  if (status === 'failed') logger.error(fields, 'a notice has failed; an operator can send it again');
  else if (attempts === 1) logger.warn(fields, 'a notice was refused; it is tried again');
}

function addGauges(registry: Registry, store: Store, clock: Clock): void {
  new Gauge({
    name: 'saga_notices',
    help: 'Notices that are not sent, by status: pending (new, or tried again later) and failed',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      for (const status of ['pending', 'failed'] satisfies NoticeStatus[]) {
        this.set({ status }, await store.count(deliveries, {}, { status }));
      }
    },
  });
  new Gauge({
    name: 'saga_oldest_pending_notice_seconds',
    help: 'Age of the oldest notice that is not sent and has not failed; 0 where there is none',
    registers: [registry],
    async collect() {
      const query = { table: deliveries, fixed: { status: 'pending' }, orderBy: ['position'], limit: 1 } as const;
      const [oldest] = await store.find(query);
      this.set(oldest === undefined ? 0 : Math.max(0, clock.nowMs() - Date.parse(oldest.createdAt)) / 1000);
    },
  });
}
