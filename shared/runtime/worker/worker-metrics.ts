import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '../../ports/store.ts';
import { deadLetters } from '../../ports/tables/retry.ts';
import type { Outcome } from '../handle/outcome.ts';
import { Figures, wordOf } from './figures.ts';

const COMMIT_BUCKETS_S = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 1];
const SAGA_BUCKETS_S = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 10, 60, 600, 86_400];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** The metrics of one function, in Prometheus' text format. */
export class FunctionMetrics {
  readonly registry = new Registry();
  /** What is counted for those who watch the function. */
  readonly figures = new Figures();
  readonly #messages: Counter<'type' | 'outcome'>;
  readonly #commitSeconds: Histogram;
  readonly #batchMessages: Histogram;
  /** Only where the function decides outcomes. */
  #sagaSeconds: Histogram<'outcome'> | null = null;

  /** `waiting` returns what the worker knows of parked messages and paused topics. */
  constructor(
    name: string,
    store: Pick<Store, 'count'>,
    waiting: () => { readonly parked: number; readonly paused: readonly string[] },
  ) {
    const registers = [this.registry];
    this.registry.setDefaultLabels({ function: name });
    this.#messages = new Counter({
      name: 'saga_messages_total',
      help: 'Messages by type and outcome',
      labelNames: ['type', 'outcome'],
      registers,
    });
    this.#commitSeconds = new Histogram({
      name: 'saga_commit_seconds',
      help: 'Time to decide and commit a batch',
      buckets: COMMIT_BUCKETS_S,
      registers,
    });
    this.#batchMessages = new Histogram({
      name: 'saga_batch_messages',
      help: 'Messages in one commit',
      buckets: BATCH_BUCKETS,
      registers,
    });
    new Gauge({
      name: 'saga_dead_letters',
      help: 'Dead letters that wait for an operator',
      registers,
      async collect() {
        this.set(await store.count(deadLetters, { status: 'open' }));
      },
    });
    new Gauge({
      name: 'saga_parked_messages',
      help: 'Messages that wait for another attempt, or behind one that does',
      registers,
      collect() {
        this.set(waiting().parked);
      },
    });
    new Gauge({
      name: 'saga_paused_topics',
      help: 'Topics that are paused because too much is parked',
      registers,
      collect() {
        this.set(waiting().paused.length);
      },
    });
  }

  /** Starts timing a commit; call the result when it is done. */
  commitTimer(): () => void {
    const start = performance.now();
    return () => {
      const ms = performance.now() - start;
      this.#commitSeconds.observe(ms / 1000);
      this.figures.committed(ms);
    };
  }

  count(outcomes: readonly Outcome[]): void {
    const counts = new Map<string, { first: Outcome; messages: number }>();
    for (const outcome of outcomes) {
      const label = `${outcome.message.type} ${outcome.kind} ${wordOf(outcome)}`;
      const count = counts.get(label);
      if (count === undefined) counts.set(label, { first: outcome, messages: 1 });
      else count.messages += 1;
    }
    for (const { first, messages } of counts.values()) {
      const { type } = first.message;
      this.#messages.inc({ type, outcome: first.kind }, messages);
      this.figures.count(type, wordOf(first), messages);
    }
    this.#batchMessages.observe(outcomes.length);
  }

  /** A saga came into this status; `latencyMs` since its begin, or null where that time does not count. */
  reached(status: string, latencyMs: number | null): void {
    this.figures.reached(status, latencyMs);
    if (latencyMs === null) return;
    this.#sagaSeconds ??= new Histogram({
      name: 'saga_outcome_seconds',
      help: 'Time from the start of a saga to its outcome, without those that their client cancelled',
      labelNames: ['outcome'],
      buckets: SAGA_BUCKETS_S,
      registers: [this.registry],
    });
    this.#sagaSeconds.observe({ outcome: status }, latencyMs / 1000);
  }
}
