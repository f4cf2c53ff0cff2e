import { AppError, ConfigError } from '../shared/core/errors.ts';
import { problemResponse } from '../shared/runtime/http/problem.ts';
import type { RunningServer, serve } from '../shared/runtime/http/server.ts';
import { type Config, portOf } from './settings.ts';

type Fetch = Parameters<typeof serve>[0];
type Listen<Part> = (part: Part, fetch: Fetch) => Promise<RunningServer>;

/** The open ports of the parts in this thread. Requests wait until `answer`; after `close` none is answered any more. */
export class Ports<Part extends string> {
  readonly #listen: Listen<Part>;
  readonly #servers = new Map<Part, RunningServer>();
  readonly #whenAnswering: Promise<void>;
  #isAnswering = false;
  #begin = () => {};
  #refuse: (error: AppError) => void = () => {};

  constructor(listen: Listen<Part>) {
    this.#listen = listen;
    this.#whenAnswering = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    // Where no request waits, there is none to be told.
    this.#whenAnswering.catch(() => undefined);
  }

  /** @throws {ConfigError} naming the setting of the port, or of the host, that cannot be used. */
  async open(part: Part, fetch: Fetch): Promise<void> {
    const answered: Fetch = (request, env) => {
      if (this.#isAnswering) return fetch(request, env);
      return this.#whenAnswering.then(() => fetch(request, env), problemResponse);
    };
    this.#servers.set(part, await this.#listen(part, answered));
  }

  urls(): ReadonlyMap<Part, string> {
    return new Map([...this.#servers].map(([part, { url }]) => [part, url]));
  }

  answer(): void {
    this.#isAnswering = true;
    this.#begin();
  }

  async close(): Promise<void> {
    this.#refuse(new AppError('unavailable', 'the store could not start; its output says why'));
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }
}

/** @throws {ConfigError} when two of these parts have the same port. */
export function assertPortsDiffer(config: Config, parts: readonly string[]): void {
  const taken = new Map<number, string>();
  for (const part of parts) {
    const { setting, port } = portOf(config, part);
    const other = taken.get(port);
    if (port !== 0 && other !== undefined) {
      throw new ConfigError(setting, `must not be the port of ${other}; both are ${port}`);
    }
    taken.set(port, setting);
  }
}
