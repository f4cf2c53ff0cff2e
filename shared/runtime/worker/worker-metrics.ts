import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '../../ports/store.ts';
import { deadLetters } from '../../ports/tables/retry.ts';
import type { Outcome } from '../handle/outcome.ts';

const COMMIT_BUCKETS_S = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 1];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** The metrics of one function, in Prometheus' text format. */
export class FunctionMetrics {
  readonly registry = new Registry();
  readonly #messages: Counter<'type' | 'outcome'>;
  readonly #commitSeconds: Histogram;
  readonly #batchMessages: Histogram;

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
    return () => this.#commitSeconds.observe((performance.now() - start) / 1000);
  }

  count(outcomes: readonly Outcome[]): void {
    const counts = new Map<string, { type: string; outcome: string; messages: number }>();
    for (const { kind, message } of outcomes) {
      const label = `${message.type} ${kind}`;
      const count = counts.get(label);
      if (count === undefined) counts.set(label, { type: message.type, outcome: kind, messages: 1 });
      else count.messages += 1;
    }
    for (const { type, outcome, messages } of counts.values()) this.#messages.inc({ type, outcome }, messages);
    this.#batchMessages.observe(outcomes.length);
  }
}
