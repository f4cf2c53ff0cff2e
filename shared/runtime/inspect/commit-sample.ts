import type { CommittedBody, MessagesEventBody } from './stream-representation.ts';

/** The most messages in one event; of a busy store the others are only counted. */
export const SAMPLE_MAX = 50;
/** The same for one function: what several send has room in one event of a gateway, so that none crowds out another. */
export const OWN_SAMPLE_MAX = 16;

/**
 * Messages that wait for the next event, and how many more there were. Where there is no room for all, each kind, a message type of a
 * function, has the same share of it: of a kind that is busy the later ones are left out.
 */
export class CommitSample {
  readonly #max: number;
  #messages: CommittedBody[] = [];
  #kinds = new Map<string, number>();
  #skipped = 0;

  constructor(max = SAMPLE_MAX) {
    this.#max = max;
  }

  /** Whether such a message would be taken now. Costs next to nothing, so that what is left out need not be described. */
  takes({ function: name, type }: Pick<CommittedBody, 'function' | 'type'>): boolean {
    if (this.#messages.length < this.#max) return true;
    const kind = kindOf(name, type);
    const kinds = this.#kinds.size + (this.#kinds.has(kind) ? 0 : 1);
    return (this.#kinds.get(kind) ?? 0) < Math.floor(this.#max / kinds);
  }

  add(message: CommittedBody): void {
    if (!this.takes(message)) {
      this.#skipped += 1;
      return;
    }
    if (this.#messages.length >= this.#max) this.#makeRoom();
    this.#messages.push(message);
    const kind = kindOf(message.function, message.type);
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  skip(count: number): void {
    this.#skipped += count;
  }

  /** What there is, which is then forgotten; null where there is nothing. */
  take(): MessagesEventBody | null {
    if (this.#messages.length + this.#skipped === 0) return null;
    const taken = { messages: this.#messages, skipped: this.#skipped };
    this.#messages = [];
    this.#kinds = new Map();
    this.#skipped = 0;
    return taken;
  }

  /** Leaves out the newest message of the kind that has most. */
  #makeRoom(): void {
    const [most = ''] = [...this.#kinds].reduce((a, b) => (b[1] > a[1] ? b : a));
    const at = this.#messages.findLastIndex(({ function: name, type }) => kindOf(name, type) === most);
    this.#messages.splice(at, 1);
    this.#kinds.set(most, (this.#kinds.get(most) ?? 0) - 1);
    this.#skipped += 1;
  }
}

function kindOf(name: string, type: string): string {
  return `${name} ${type}`;
}
