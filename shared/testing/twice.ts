import type { LogRecord, MessageLog, Subscription } from '../ports/message-log.ts';

/** `at once`: a record and its copy are in one batch. `later`: the copies come in the next poll. */
export type TwiceMode = 'at once' | 'later';

/** A log that delivers each record twice, for tests. A function has the same result on it as on the log itself. */
export function twice(log: MessageLog, mode: TwiceMode): MessageLog {
  return {
    features: log.features,
    async subscribe(options) {
      const subscription = await log.subscribe(options);
      return mode === 'at once' ? new Doubled(subscription) : new Repeated(subscription);
    },
    progress: (topic) => log.progress(topic),
    browse: (topic, browse) => log.browse(topic, browse),
    announce: (topic, rows) => log.announce(topic, rows),
    append: (topic, messages) => log.append(topic, messages),
    prune: (topic, options) => log.prune(topic, options),
    close: () => log.close(),
  };
}

class Doubled implements Subscription {
  protected readonly inner: Subscription;

  constructor(inner: Subscription) {
    this.inner = inner;
  }

  async poll(max: number, paused?: ReadonlySet<string>): Promise<readonly LogRecord[]> {
    const records = await this.inner.poll(Math.ceil(max / 2), paused);
    return records.flatMap((record) => [record, record]);
  }

  acknowledge: Subscription['acknowledge'] = (positions) => this.inner.acknowledge(positions);

  ends: Subscription['ends'] = () => this.inner.ends();

  unavailableReason(): string | null {
    return this.inner.unavailableReason();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

class Repeated extends Doubled {
  #last: readonly LogRecord[] = [];

  /** Returns the copies first, so that the position of the batch is that of its newest record. */
  override async poll(max: number, paused?: ReadonlySet<string>): Promise<readonly LogRecord[]> {
    const again = this.#last;
    const fresh = await this.inner.poll(max - again.length, paused);
    this.#last = fresh;
    return [...again, ...fresh];
  }
}
