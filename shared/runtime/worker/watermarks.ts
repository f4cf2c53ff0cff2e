import type { LogRecord } from '../../ports/message-log.ts';
import { laneName, type Position, type Store } from '../../ports/store.ts';
import { inboxWatermarks, type StoredPosition } from '../../ports/tables/inbox.ts';

/** The most watermarks read at once. There is one for each epoch of a writer, that is, for each of its starts. */
const PAGE = 500;

/**
 * Up to which position the records of a function's topics are handled for good, in memory. A watermark may be here
 * before it is on disk: it says only what the committed position says already.
 */
export class Watermarks {
  readonly #store: Pick<Store, 'find'>;
  readonly #watermarks = new Map<string, StoredPosition>();

  constructor(store: Pick<Store, 'find'>) {
    this.#store = store;
  }

  async load(): Promise<void> {
    const key = inboxWatermarks.key;
    for (let after: readonly (string | number)[] | null = []; after !== null; ) {
      const rows: readonly StoredPosition[] = await this.#store.find({
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

  /** Whether this record was handled, so that it is a duplicate when it comes again from its topic. */
  has({ topic, partition, position, epoch = '' }: LogRecord): boolean {
    const watermark = this.#watermarks.get(nameOf(topic, partition, epoch));
    return watermark !== undefined && position <= watermark.position;
  }

  raise(watermark: StoredPosition): void {
    const name = nameOf(watermark.topic, watermark.partition, watermark.epoch);
    const known = this.#watermarks.get(name);
    if (known === undefined || known.position < watermark.position) this.#watermarks.set(name, watermark);
  }

  /** The watermarks of other epochs than those of these positions: how far the reader was in them. */
  ofOtherEpochs(positions: readonly Position[]): readonly Position[] {
    const current = new Map(positions.map((own) => [laneName(own), own.epoch ?? '']));
    return [...this.#watermarks.values()].filter((watermark) => {
      const epoch = current.get(laneName(watermark));
      return epoch !== undefined && epoch !== watermark.epoch;
    });
  }
}

function nameOf(topic: string, partition: number, epoch: string): string {
  return `${topic} ${partition} ${epoch}`;
}
