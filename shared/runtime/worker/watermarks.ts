import { partitionOf } from '../../core/partition.ts';
import type { Watermark } from '../../core/read-marks.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import { type Lane, laneName, type Position, type Store } from '../../ports/store.ts';
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
  /** How many partitions the topics had that relays sent to, where there are watermarks of outbox positions. */
  readonly #laneCounts = new Set<number>();

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
  has(record: LogRecord): boolean {
    const { topic, partition, position, epoch = '', sent } = record;
    if (sent === undefined) return this.#reaches(topic, partition, epoch, position);
    // A topic that was made anew may have another number of partitions: its messages were in other lanes then.
    return [...this.#laneCounts].some((lanes) => {
      const home = lanes === sent.lanes ? partition : partitionOf(String(record.attributes['partitionkey']), lanes);
      return this.#reaches(topic, home, outboxEpoch(sent.epoch, lanes), sent.position);
    });
  }

  #reaches(topic: string, partition: number, epoch: string, position: number): boolean {
    const watermark = this.#watermarks.get(nameOf(topic, partition, epoch));
    return watermark !== undefined && position <= watermark.position;
  }

  raise(watermark: StoredPosition): void {
    const name = nameOf(watermark.topic, watermark.partition, watermark.epoch);
    const known = this.#watermarks.get(name);
    if (known === undefined || known.position < watermark.position) this.#watermarks.set(name, watermark);
    const lanes = laneCountIn(watermark.epoch);
    if (lanes !== null) this.#laneCounts.add(lanes);
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

/** A watermark of positions in an outbox as it is stored: what tells it from one of places in a lane is the name of its epoch. */
export function outboxWatermark({ topic, partition }: Lane, { epoch, lanes, position }: Watermark): StoredPosition {
  return { topic, partition, epoch: outboxEpoch(epoch, lanes), position };
}

function outboxEpoch(epoch: string, lanes: number): string {
  return `${epoch}/${lanes}`;
}

function laneCountIn(epoch: string): number | null {
  const at = epoch.lastIndexOf('/');
  return at < 0 ? null : Number(epoch.slice(at + 1));
}

function nameOf(topic: string, partition: number, epoch: string): string {
  return `${topic} ${partition} ${epoch}`;
}
