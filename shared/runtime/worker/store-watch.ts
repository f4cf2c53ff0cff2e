import type { Store } from '../../ports/store.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import { RepeatedReason } from '../observe/repeated-reason.ts';

const EVERY_MS = 1_000;

/**
 * Says in the log when a function cannot work on its data, and when it can again; a reason that stays is not repeated
 * with each attempt. It looks also
 * while nothing happens, so that data that are moved away are missed within seconds.
 */
export class StoreWatch {
  readonly #name: string;
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #reason = new RepeatedReason();
  #isAway = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ name, store, logger }: { readonly name: string; readonly store: Store; readonly logger: Logger }) {
    this.#name = name;
    this.#store = store;
    this.#logger = logger;
  }

  /** `onReturn` is called when the store can be used again. */
  start(onReturn: () => void): void {
    this.#timer = setInterval(() => this.look(onReturn), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(onReturn: () => void): void {
    const reason = this.#store.unavailableReason();
    if (reason !== null) {
      this.#isAway = true;
      this.#log(reason, reason);
    } else if (this.#isAway) {
      this.#isAway = false;
      this.#reason.end();
      this.#logger.info(`${this.#name} works on its data again`);
      onReturn();
    }
  }

  /** A step has failed. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#log(reason, describeError(error));
  }

  #log(reason: string, error: string): void {
    if (!this.#reason.isNews(reason)) return;
    this.#logger.error({ error }, `${this.#name} cannot commit: ${reason}`);
  }
}
