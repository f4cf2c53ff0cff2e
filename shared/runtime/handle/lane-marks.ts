import { dayOf } from '../../core/days.ts';
import { isBehindMarks, isLateCopy, markAfter } from '../../core/read-marks.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import { type ReadMarkRow, readMarks } from '../../ports/tables/inbox.ts';
import type { RowOverlay } from './row-overlay.ts';

/** How far the lanes of a batch were read, where relays send what outboxes have. For any other record it does nothing. */
export class LaneMarks {
  readonly #rows: RowOverlay;
  readonly #day: number;

  /** `stampMs`: the time that retention counts from. */
  constructor(rows: RowOverlay, stampMs: number) {
    this.#rows = rows;
    this.#day = dayOf(stampMs);
  }

  /** Whether a later run of the relay has sent what lies before it in its lane. */
  isLate(record: LogRecord): boolean {
    return record.sent !== undefined && isLateCopy(this.#of(record), record.sent);
  }

  /** Whether no copy of it was read in its lane before. */
  isFirst(record: LogRecord): boolean {
    return record.sent !== undefined && isBehindMarks(this.#of(record), record.sent);
  }

  /** The record is dealt with. */
  note(record: LogRecord): void {
    if (record.sent === undefined) return;
    const mark = markAfter(this.#of(record), record.sent, this.#day);
    const { topic, partition } = record;
    if (mark !== null) this.#rows.put([{ table: readMarks, row: { topic, partition, ...mark } }]);
  }

  #of({ topic, partition }: LogRecord): readonly ReadMarkRow[] {
    return this.#rows.many(readMarks, topic, String(partition));
  }
}
