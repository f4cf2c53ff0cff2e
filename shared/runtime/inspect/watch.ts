import type { Outcome } from '../handle/outcome.ts';
import { type EventStream, GREETING } from '../http/event-stream.ts';
import { wordOf } from '../worker/figures.ts';
import { CommitSample, OWN_SAMPLE_MAX } from './commit-sample.ts';
import type { Inspected } from './inspected.ts';
import { openDeadLetters } from './status.ts';
import type { FunctionEventBody, FunctionTickBody, TickBody } from './stream-representation.ts';
import { ownTopicNamesOf, topicsOf } from './topics.ts';

export const TICK_MS = 250;
export const SAMPLE_MS = 100;
/** What makes a commit to see whether the disk takes it is asked so often. */
const STATE_MS = 2_000;
/** Lag is read from the readers' files, which costs more than the rest of a tick: three of four ticks repeat it. */
const LAG_MS = 900;

interface Watcher {
  readonly stream: EventStream;
  /** Only messages of this partition key; null for all. */
  readonly key: string | null;
  readonly sample: CommitSample;
  /** What the client was told last of the function's state; empty before. */
  told: string;
}

/** An event of a stream, as it is sent. */
export function eventText(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Shows a function to those who watch it: what it commits, as it commits it, and its figures at each tick. It is fed from memory. Who
 * does not watch costs nothing: without a watcher there is no listener and no timer. A client that reads slowly misses events.
 */
export class Watch {
  readonly #inspected: Inspected;
  readonly #watchers = new Set<Watcher>();
  #stop: (() => void) | null = null;
  #isTicking = false;
  #stateAtMs = Number.NEGATIVE_INFINITY;
  #state: FunctionEventBody;
  #deadLetters = 0;
  #topics: TickBody['topics'] = [];
  #topicsAtMs = Number.NEGATIVE_INFINITY;

  constructor(inspected: Inspected) {
    this.#inspected = inspected;
    this.#state = { name: inspected.fn.name, state: 'up', detail: null };
  }

  /** How many streams are fed. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Feeds a stream until it ends. */
  async feed(stream: EventStream, key: string | null): Promise<void> {
    const watcher: Watcher = { stream, key, sample: new CommitSample(OWN_SAMPLE_MAX), told: '' };
    if (stream.ended.aborted) return;
    this.#watchers.add(watcher);
    this.#stop ??= this.#start();
    try {
      await stream.write(`${GREETING}\n`);
      await this.#tick();
      await new Promise<void>((resolve) => {
        if (stream.ended.aborted) resolve();
        stream.ended.addEventListener('abort', () => resolve());
      });
    } finally {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) {
        this.#stop?.();
        this.#stop = null;
      }
    }
  }

  #start(): () => void {
    const stopListening = this.#inspected.onCommit((outcomes) => this.#note(outcomes));
    const ticks = setInterval(() => void this.#tick(), TICK_MS);
    const samples = setInterval(() => this.#sendSamples(), SAMPLE_MS);
    return () => {
      stopListening();
      clearInterval(ticks);
      clearInterval(samples);
    };
  }

  #note(outcomes: readonly Outcome[]): void {
    const time = new Date(this.#inspected.clock.nowMs()).toISOString();
    for (const { key, sample } of this.#watchers) {
      if (key === null) this.#addTo(sample, outcomes, time);
      else {
        const own = outcomes.filter(({ message }) => message.partitionkey === key);
        this.#addTo(sample, own, time);
      }
    }
  }

  /** What has no room is counted, and looked at no further. */
  #addTo(sample: CommitSample, outcomes: readonly Outcome[], time: string): void {
    const { name } = this.#inspected.fn;
    for (const outcome of outcomes) {
      const { id, type, partitionkey: key, causationid } = outcome.message;
      if (!sample.takes({ function: name, type })) {
        sample.skip(1);
        continue;
      }
      const causationId = causationid === id ? null : causationid;
      sample.add({ function: name, type, outcome: wordOf(outcome), key, id, causationId, time });
    }
  }

  #sendSamples(): void {
    for (const { stream, sample } of this.#watchers) {
      if (stream.isWaiting) continue;
      const taken = sample.take();
      if (taken !== null) void stream.write(eventText('messages', taken));
    }
  }

  /** One at a time: a log elsewhere may take longer than a tick. */
  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      await this.#lookAtState();
      const tick = eventText('tick', await this.#tickBody());
      const state = eventText('function', this.#state);
      for (const watcher of this.#watchers) {
        if (watcher.stream.isWaiting) continue;
        const isNew = watcher.told !== state;
        watcher.told = state;
        void watcher.stream.write(isNew ? state + tick : tick);
      }
    } catch (error) {
      for (const { stream } of this.#watchers) stream.fail(error);
    } finally {
      this.#isTicking = false;
    }
  }

  async #lookAtState(): Promise<void> {
    const { clock, fn } = this.#inspected;
    if (clock.upMs() - this.#stateAtMs < STATE_MS) return;
    this.#stateAtMs = clock.upMs();
    const detail = await this.#inspected.unavailableReason();
    this.#state = { name: fn.name, state: detail === null ? 'up' : 'unready', detail };
    this.#deadLetters = (await openDeadLetters(this.#inspected)) ?? this.#deadLetters;
  }

  async #tickBody(): Promise<TickBody> {
    const { clock } = this.#inspected;
    if (clock.upMs() - this.#topicsAtMs >= LAG_MS) {
      this.#topicsAtMs = clock.upMs();
      this.#topics = [...(await topicsOf(this.#inspected, ownTopicNamesOf(this.#inspected)))];
    }
    return { at: new Date(clock.nowMs()).toISOString(), functions: [this.#figures()], topics: this.#topics };
  }

  #figures(): FunctionTickBody {
    const { fn, figures } = this.#inspected;
    const { messages, outcomes, commitMs, latencyMs } = figures;
    const { parked } = this.#inspected.waiting();
    return { name: fn.name, messages, parked, deadLetters: this.#deadLetters, commitMs, outcomes, latencyMs };
  }
}
