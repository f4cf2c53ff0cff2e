import { AppError } from '../core/errors.ts';
import type { Origin } from '../core/read-marks.ts';
import type { SendMark } from '../ports/message-log.ts';
import type { RelayTarget, SentPlace, UnsentRow } from '../ports/relayed.ts';

export const PARTITIONS = 3;

/** A message in a place of it. */
interface Arrived extends SendMark, Origin {
  readonly partition: number;
}

/** A log that can refuse a send before or after a part of it arrived. */
export class FakeTarget implements RelayTarget {
  readonly arrived: Arrived[] = [];
  /** How many messages of each next send arrive before it fails; null: it succeeds. */
  readonly faults: (number | null)[] = [];
  readonly sendMaxMs = 1_000;

  async send(rows: readonly UnsentRow[], mark: SendMark) {
    const fault = this.faults.shift() ?? null;
    const pieces = new Map<number, { partition: number; firstOffset: number; positions: number[] }>();
    for (const { position, partitionKey, epoch } of rows.slice(0, fault ?? rows.length)) {
      const partition = (partitionKey.codePointAt(0) ?? 0) % PARTITIONS;
      const offset = this.#of(partition).length;
      const piece = pieces.get(partition) ?? { partition, firstOffset: offset, positions: [] };
      piece.positions.push(position);
      pieces.set(partition, piece);
      this.arrived.push({ ...mark, partition, epoch, position });
    }
    if (fault !== null) throw new AppError('unavailable', 'the broker is gone');
    return [...pieces.values()].map((piece) => ({ topic: 'counted', ...piece }));
  }

  async missing(_topic: string, places: readonly SentPlace[]) {
    return places.filter(({ partition, offset, epoch, position }) => {
      const found = this.#of(partition)[offset];
      return found?.epoch !== epoch || found.position !== position;
    });
  }

  #of(partition: number): readonly Arrived[] {
    return this.arrived.filter((record) => record.partition === partition);
  }
}
