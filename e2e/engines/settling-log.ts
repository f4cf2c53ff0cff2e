import { setTimeout as wait } from 'node:timers/promises';
import type { LogRecord, MessageLog, Subscription } from '../../shared/ports/message-log.ts';
import { laneName, type Position } from '../../shared/ports/store.ts';

const POLL_MS = 5;
const SETTLED_MS = 60_000;
/** More records than a test has. */
const ALL = 1_000_000;

/**
 * A log on a broker for tests that were written for one in the same process: there, what was published can be read at once, and
 * two subscriptions of a group read everything. Here a poll waits until what is in the topics has come, and each further
 * subscription is of another group.
 */
export function settling(log: MessageLog): MessageLog {
  const members = new Map<string, number>();
  return {
    features: log.features,
    subscribe: async (options) => {
      const number = (members.get(options.group) ?? 0) + 1;
      members.set(options.group, number);
      const group = number === 1 ? options.group : `${options.group}-${number}`;
      const read = new Map((await options.positions()).map((own) => [laneName(own), own.position]));
      const subscription = await log.subscribe({ ...options, group });
      await until(
        () => subscription.unavailableReason() === null,
        () => String(subscription.unavailableReason()),
      );
      return new Settling(subscription, read);
    },
    progress: (topic) => log.progress(topic),
    browse: (topic, browse) => log.browse(topic, browse),
    announce: (topic, rows) => log.announce(topic, rows),
    append: (topic, messages) => log.append(topic, messages),
    prune: (topic, options) => log.prune(topic, options),
    close: () => log.close(),
  };
}

class Settling implements Subscription {
  readonly #inner: Subscription;
  readonly #read: Map<string, number>;

  constructor(inner: Subscription, read: Map<string, number>) {
    this.#inner = inner;
    this.#read = read;
  }

  async poll(max: number, paused?: ReadonlySet<string>): Promise<readonly LogRecord[]> {
    const ends = await this.#inner.ends();
    let missing: readonly Position[] = ends;
    await until(
      async () => {
        const come = new Map(this.#read);
        for (const record of await this.#inner.poll(ALL)) come.set(laneName(record), record.position);
        missing = ends.filter((end) => (come.get(laneName(end)) ?? 0) < end.position);
        return missing.length === 0;
      },
      () => `no records up to ${JSON.stringify(missing)}`,
    );
    return this.#inner.poll(max, paused);
  }

  async acknowledge(positions: readonly Position[]): Promise<void> {
    for (const position of positions) this.#read.set(laneName(position), position.position);
    await this.#inner.acknowledge(positions);
  }

  ends = () => this.#inner.ends();
  unavailableReason = () => this.#inner.unavailableReason();
  close = () => this.#inner.close();
}

/** @throws what `describe` says where it does not become true in time */
export async function until(isTrue: () => boolean | Promise<boolean>, describe: () => string): Promise<void> {
  const startedMs = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startedMs > SETTLED_MS) throw new Error(`not settled: ${describe()}`);
    await wait(POLL_MS);
  }
}
