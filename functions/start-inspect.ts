import { topics } from '../saga/choreography.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import type { Relayed } from '../shared/ports/relayed.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { FunctionModule } from '../shared/runtime/function-module.ts';
import type { Inspected } from '../shared/runtime/inspect/inspected.ts';
import type { FunctionWorker } from '../shared/runtime/worker/function-worker.ts';
import type { FunctionMetrics } from '../shared/runtime/worker/worker-metrics.ts';
import type { FunctionStore } from './engine.ts';

interface InspectedParts {
  readonly module: FunctionModule;
  readonly fn: StoreFunction;
  readonly store: FunctionStore;
  readonly clock: Clock;
  readonly log: MessageLog;
  readonly relayed: Relayed | null;
  readonly metrics: FunctionMetrics;
  readonly worker: FunctionWorker;
  readonly stopping: AbortSignal;
}

/** A running function of this store, as those see it who look at it. */
export function inspectedOf(parts: InspectedParts): Inspected {
  const { module, fn, store, clock, log, relayed, metrics, worker, stopping } = parts;
  return {
    fn,
    store,
    clock,
    log,
    relayed,
    writerOf: writerOfTopic,
    figures: metrics.figures,
    get watermarks() {
      return worker.watermarks;
    },
    unavailableReason: () => worker.unavailableReason(),
    waiting: () => worker.waiting(),
    walBytes: () => wholeOrNull(store.walBytes()),
    onCommit: (listener) => worker.onCommit(listener),
    stepsOf: async (key) => (await module.stepsOf?.({ store }, key)) ?? [],
    stopping,
  };
}

/** The only function that writes a topic of this store; null for a public one. */
function writerOfTopic(topic: string): string | null {
  return Object.hasOwn(topics, topic) ? topics[topic as keyof typeof topics] : null;
}

/** What is no number is not known. */
function wholeOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
