import { dayOf } from '../../core/days.ts';
import { fingerprint, type Message } from '../../core/message.ts';
import type { InboxRow, Loaded } from '../../ports/store.ts';

/** The messages seen before: in the store, or earlier in this batch. */
export class BatchInbox {
  readonly added: InboxRow[] = [];
  readonly #loaded: Loaded;
  readonly #seenDay: number;
  readonly #batch = new Map<string, string>();

  constructor(loaded: Loaded, nowMs: number) {
    this.#loaded = loaded;
    this.#seenDay = dayOf(nowMs);
  }

  seen(message: Message): string | undefined {
    return this.#batch.get(`${message.source} ${message.id}`) ?? this.#loaded.seen(message);
  }

  add(message: Message): void {
    const { source, id } = message;
    const print = fingerprint(message);
    this.#batch.set(`${source} ${id}`, print);
    this.added.push({ source, id, fingerprint: print, seenDay: this.#seenDay });
  }
}
