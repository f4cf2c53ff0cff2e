import { CLIENT_SOURCE } from '../../core/message.ts';
import type { Outcome } from '../handle/outcome.ts';
import { type Percentiles, RecentHistogram } from './recent-histogram.ts';

const COMMITS_MS = 60_000;
const LATENCY_MS = 5_000;

/**
 * What became of a message, in one word. `parked`: it waits, or failed and waits again; `dead`: it is a dead letter; `refused`: its
 * client was told that it failed.
 */
export type OutcomeWord = 'handled' | 'duplicate' | 'parked' | 'dead' | 'refused';
type Counts = Record<OutcomeWord, number>;

/** What a function counts in memory for those who watch it: since its start, and in the last moments. */
export class Figures {
  readonly #messages = new Map<string, Counts>();
  readonly #outcomes = new Map<string, number>();
  readonly #commitMs = new RecentHistogram(COMMITS_MS);
  readonly #latencyMs = new RecentHistogram(LATENCY_MS, { slots: 5 });

  count(type: string, word: OutcomeWord, messages: number): void {
    let counts = this.#messages.get(type);
    if (counts === undefined) {
      counts = { handled: 0, duplicate: 0, parked: 0, dead: 0, refused: 0 };
      this.#messages.set(type, counts);
    }
    counts[word] += messages;
  }

  committed(ms: number): void {
    this.#commitMs.add(ms);
  }

  /** A saga came into this status. `latencyMs`: since its begin, where that is an outcome whose time counts; else null. */
  reached(status: string, latencyMs: number | null): void {
    this.#outcomes.set(status, (this.#outcomes.get(status) ?? 0) + 1);
    if (latencyMs !== null) this.#latencyMs.add(latencyMs);
  }

  get messages(): Record<string, Counts> {
    return Object.fromEntries([...this.#messages].map(([type, counts]) => [type, { ...counts }]));
  }

  get outcomes(): Record<string, number> {
    return Object.fromEntries(this.#outcomes);
  }

  get commitMs(): Percentiles {
    return this.#commitMs.percentiles();
  }

  get latencyMs(): Percentiles {
    return this.#latencyMs.percentiles();
  }
}

/** An outcome in one word. A client is told what became of its command; what no client waits for becomes a dead letter. */
export function wordOf({ kind, message }: Pick<Outcome, 'kind' | 'message'>): OutcomeWord {
  switch (kind) {
    case 'handled':
    case 'duplicate':
    case 'parked':
    case 'dead':
      return kind;
    case 'failed':
      return 'refused';
    default:
      return message.source === CLIENT_SOURCE ? 'refused' : 'dead';
  }
}
