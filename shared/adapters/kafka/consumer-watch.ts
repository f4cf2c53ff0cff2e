import type { Clock } from '../../ports/clock.ts';
import type { Lane } from '../../ports/store.ts';
import type { ConsumerOptions, KafkaClient, KafkaConsumer } from './kafka-client.ts';
import { bounded } from './reconnecting.ts';

/** After so long without an answer the topics count as unreadable: three heartbeats. */
export const SILENCE_MS = 9_000;
/** After so long without one the consumer is built anew. */
const SILENCE_MAX_MS = 60_000;
const LOOK_MS = 1_000;
const DELAY_MS = 250;
const DELAY_MAX_MS = 5_000;

export interface WatchOptions extends Omit<ConsumerOptions, 'onCrash' | 'onBeat'> {
  readonly client: Pick<KafkaClient, 'consumer'>;
  readonly clock: Clock;
}

/**
 * Keeps a consumer in its group. One that ends, or of which nothing is heard, is replaced: a client library may stop for good
 * while the process looks healthy.
 */
export class ConsumerWatch {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  #attempt = 0;
  #consumer: Promise<KafkaConsumer> | null = null;
  #rebuild: NodeJS.Timeout | undefined;
  #delayMs = DELAY_MS;
  #heardMs: number;
  #hasJoined = false;
  #problem: string | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#heardMs = options.clock.upMs();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    this.#start();
  }

  /** Why nothing is read, as the end of a sentence; null while the group is joined and its broker answers. */
  unavailableReason(): string | null {
    if (this.#problem !== null) return this.#problem;
    const silenceMs = this.#silenceMs;
    if (silenceMs > SILENCE_MS) return `the broker has not answered for ${Math.round(silenceMs / 1000)} s`;
    return this.#hasJoined ? null : 'the consumer group is not joined yet';
  }

  /** Builds the consumer anew; `why` is told until the new one has joined. */
  replace(why: string): void {
    if (this.#rebuild === undefined) this.#fail(new Error(why));
  }

  async close(): Promise<void> {
    this.#attempt += 1;
    clearInterval(this.#timer);
    clearTimeout(this.#rebuild);
    await this.#drop();
  }

  get #silenceMs(): number {
    return this.#options.clock.upMs() - this.#heardMs;
  }

  #start(): void {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#heardMs = this.#options.clock.upMs();
    const ifCurrent = (work: () => void) => {
      if (attempt === this.#attempt) work();
    };
    const { client, group, topics, onAssigned, onBatch } = this.#options;
    this.#consumer = client.consumer({
      group,
      topics,
      onAssigned: (lanes, consumer) =>
        ifCurrent(() => {
          this.#hear();
          this.#hasJoined = true;
          onAssigned(lanes, consumer);
        }),
      onBatch: (lane, batch) => {
        if (attempt !== this.#attempt) return false;
        this.#hear();
        return onBatch(lane, batch);
      },
      onCrash: (error) => ifCurrent(() => this.#fail(error)),
      onBeat: () => ifCurrent(() => this.#hear()),
    });
    this.#consumer.catch((error: unknown) => ifCurrent(() => this.#fail(error)));
  }

  #hear(): void {
    this.#heardMs = this.#options.clock.upMs();
    this.#delayMs = DELAY_MS;
    this.#problem = null;
  }

  #look(): void {
    if (this.#silenceMs > SILENCE_MAX_MS) this.replace(`the broker has not answered for ${SILENCE_MAX_MS / 1000} s`);
  }

  #fail(error: unknown): void {
    this.#attempt += 1;
    this.#problem = error instanceof Error ? error.message : String(error);
    this.#drop();
    this.#options.onAssigned([] satisfies readonly Lane[], NO_CONSUMER);
    clearTimeout(this.#rebuild);
    this.#rebuild = setTimeout(() => {
      this.#rebuild = undefined;
      this.#start();
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, DELAY_MAX_MS);
  }

  async #drop(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    await bounded(consumer?.then((open) => open.close()));
  }
}

/** For a group that is left: there is nothing to be done with it. */
const NO_CONSUMER: KafkaConsumer = {
  pause: () => undefined,
  resume: () => undefined,
  seek: () => undefined,
  commit: async () => undefined,
  close: async () => undefined,
};
