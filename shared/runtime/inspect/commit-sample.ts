import type { CommittedBody, MessagesEventBody } from './stream-representation.ts';

/** The most messages in one event; of a busy store the others are only counted. */
export const SAMPLE_MAX = 50;
/** The same for one function: what several send has room in one event of a gateway, so that none crowds out another. */
export const OWN_SAMPLE_MAX = 16;

/** Messages that wait for the next event: the first ones, and how many more there were. */
export class CommitSample {
  readonly #max: number;
  #messages: CommittedBody[] = [];
  #skipped = 0;

  constructor(max = SAMPLE_MAX) {
    this.#max = max;
  }

  /** Room for so many more. */
  get room(): number {
    return this.#max - this.#messages.length;
  }

  add(message: CommittedBody): void {
    if (this.room > 0) this.#messages.push(message);
    else this.#skipped += 1;
  }

  skip(count: number): void {
    this.#skipped += count;
  }

  /** What there is, which is then forgotten; null where there is nothing. */
  take(): MessagesEventBody | null {
    if (this.#messages.length + this.#skipped === 0) return null;
    const taken = { messages: this.#messages, skipped: this.#skipped };
    this.#messages = [];
    this.#skipped = 0;
    return taken;
  }
}
