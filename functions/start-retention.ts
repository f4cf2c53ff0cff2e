import { topics } from '../saga/choreography.ts';
import type { RetentionDays } from '../shared/core/retention.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import type { Relayed } from '../shared/ports/relayed.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import { addClockMetric, addRetentionMetrics } from '../shared/runtime/retention/metrics.ts';
import { Retention } from '../shared/runtime/retention/retention.ts';
import type { FunctionWorker } from '../shared/runtime/worker/function-worker.ts';
import type { HeldLease } from '../shared/runtime/worker/held-lease.ts';
import { WakeSignal } from '../shared/runtime/worker/wake-signal.ts';
import type { FunctionMetrics } from '../shared/runtime/worker/worker-metrics.ts';

export interface RetentionParts {
  readonly fn: StoreFunction;
  readonly worker: FunctionWorker;
  readonly keeper: HeldLease;
  readonly log: MessageLog;
  readonly relayed: Relayed | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: FunctionMetrics;
  readonly days: RetentionDays;
  readonly everyMs: number;
}

/** Prunes rows beside a function until `signal` aborts, and adds metrics of stored rows and of the lag of readers. */
export function startRetention(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  const { fn, worker, keeper, log, relayed, clock, logger, metrics, days, everyMs } = parts;
  const { store, watermarks, believed } = worker;
  // Each topic is measured once: by its writer, or by its reader when it is public.
  const publicTopics = fn.consumes.filter((topic) => writerOf(topic) === null);
  const measured = fn.publishes === null ? publicTopics : [fn.publishes, ...publicTopics];
  const { registry } = metrics;
  const removed = addRetentionMetrics({ registry, store, log, nowMs: () => clock.nowMs(), topics: measured });
  addClockMetric(registry, believed);
  const options = { fn, store, log, relayed, logger, watermarks, believed, keeper, days, writerOf, removed };
  const retention = new Retention(options);
  return retention.run(signal, new WakeSignal(), everyMs);
}

function writerOf(topic: string): string | null {
  return Object.hasOwn(topics, topic) ? topics[topic as keyof typeof topics] : null;
}
