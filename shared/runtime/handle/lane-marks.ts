import { dayOf } from '../../core/days.ts';
import { isBehindMarks, isLateCopy, markAfter, type ReadCopy } from '../../core/read-marks.ts';
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
  isLate({ sent, ...lane }: LogRecord): boolean {
    return sent !== undefined && isLateCopy(this.#of(lane), sent);
  }

  /** Whether no copy of it was read in its lane before. */
  isFirst({ sent, ...lane }: LogRecord): boolean {
    return sent !== undefined && isBehindMarks(this.#of(lane), sent);
  }

  /** The record is dealt with. */
  note({ sent, ...lane }: LogRecord): void {
    if (sent !== undefined) this.#note(lane, sent);
  }

  #note(lane: Omit<LogRecord, 'sent'>, sent: ReadCopy): void {
    const mark = markAfter(this.#of(lane), sent, this.#day);
    const { topic, partition } = lane;
    if (mark !== null) this.#rows.put([{ table: readMarks, row: { topic, partition, ...mark } }]);
  }

  #of({ topic, partition }: Omit<LogRecord, 'sent'>): readonly ReadMarkRow[] {
    return this.#rows.many(readMarks, topic, String(partition));
  }
}
