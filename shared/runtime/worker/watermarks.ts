import type { LogRecord } from '../../ports/message-log.ts';
import type { Position, Store } from '../../ports/store.ts';
import { inboxWatermarks } from '../../ports/tables/inbox.ts';

/** Read at once, at most. There is one fold for each life of a writer: for each of its starts. */
const PAGE = 500;

/**
 * What of a function's topics was dealt with for good, in memory. A fold may be known here before it is on disk: it says
 * only what the committed position has said already.
 */
export class Watermarks {
  readonly #store: Pick<Store, 'find'>;
  readonly #watermarks = new Map<string, Required<Position>>();

  constructor(store: Pick<Store, 'find'>) {
    this.#store = store;
  }

  async load(): Promise<void> {
    const key = inboxWatermarks.key;
    for (let after: readonly (string | number)[] | null = []; after !== null; ) {
      const rows: readonly Required<Position>[] = await this.#store.find({
        table: inboxWatermarks,
        orderBy: key,
        ...(after.length === 0 ? {} : { after }),
        limit: PAGE,
      });
      for (const row of rows) this.raise(row);
      const last = rows.at(-1);
      after = last === undefined || rows.length < PAGE ? null : [last.topic, last.partition, last.epoch];
    }
  }

  /** Whether this record was dealt with, so that it is a duplicate when it comes again from its topic. */
  has({ topic, partition, position, epoch = '' }: LogRecord): boolean {
    const fold = this.#watermarks.get(nameOf(topic, partition, epoch));
    return fold !== undefined && position <= fold.position;
  }

  raise(fold: Required<Position>): void {
    const name = nameOf(fold.topic, fold.partition, fold.epoch);
    const known = this.#watermarks.get(name);
    if (known === undefined || known.position < fold.position) this.#watermarks.set(name, fold);
  }

  /** Those of lives that are not the ones in which these positions lie: how far the reader was in them. */
  besides(positions: readonly Position[]): readonly Position[] {
    const current = new Map(positions.map(({ topic, epoch = '' }) => [topic, epoch]));
    return [...this.#watermarks.values()].filter(
      ({ topic, epoch }) => current.has(topic) && current.get(topic) !== epoch,
    );
  }
}

function nameOf(topic: string, partition: number, epoch: string): string {
  return `${topic} ${partition} ${epoch}`;
}
