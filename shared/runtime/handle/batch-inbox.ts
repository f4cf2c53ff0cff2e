import { dayOf } from '../../core/days.ts';
import { fingerprint, type Message } from '../../core/message.ts';
import type { InboxRow, Loaded, StoredWrite, Table } from '../../ports/store.ts';
import { inbox } from '../../ports/tables/inbox.ts';

const NEVER = -1;

/** The messages seen before, in the store or earlier in this batch: tells duplicates from ids that were used again. */
export class BatchInbox {
  readonly added: InboxRow[] = [];
  /** Rows that retention counts from today on. */
  readonly renewed: StoredWrite[] = [];
  readonly #loaded: Loaded;
  readonly #seenDay: number;
  readonly #batch = new Map<string, string>();

  /** `stampMs`: the time that retention counts from. */
  constructor(loaded: Loaded, stampMs: number) {
    this.#loaded = loaded;
    this.#seenDay = dayOf(stampMs);
  }

  /** Whether this message was seen before, with the same payload or with another one; null when it is new. */
  duplicateOf(message: Message): 'duplicate' | 'id_reused' | null {
    const seen = this.#batch.get(`${message.source} ${message.id}`) ?? this.#loaded.seen(message);
    if (seen === undefined) return null;
    return seen === fingerprint(message) ? 'duplicate' : 'id_reused';
  }

  /** It was written again since: what vouches for its first copy knows nothing of this one. */
  renew(consumer: string, { source, id }: Message): void {
    const seen = this.#loaded.seen({ source, id });
    if (seen === undefined) return;
    const row = { consumer, source, id, fingerprint: seen, seenDay: this.#seenDay };
    this.renewed.push({ table: inbox as Table, row, stored: { ...row, seenDay: NEVER } });
  }

  add(message: Message): void {
    const { source, id } = message;
    const print = fingerprint(message);
    this.#batch.set(`${source} ${id}`, print);
    this.added.push({ source, id, fingerprint: print, seenDay: this.#seenDay });
  }
}
