/** The requests of `dead-letters` to the gateway. */
import { functionNames } from '../../saga/choreography.ts';
import { printable } from '../../shared/core/printable.ts';
import type {
  DeadLetterBody,
  DeadLetterSummaryBody,
  GroupBody,
  ReplayedBody,
  ResolvedBody,
} from '../../shared/runtime/dead-letters/schemas.ts';
import { operatorHeaders } from './operations-client.ts';
import { addressOf, ask, bodyOf, StoreError, scriptFor, type Terminal } from './store-client.ts';
import { waitUntil } from './wait-until.ts';

/** Longer than one round of replays can take. */
const ROUND_TIMEOUT_MS = 120_000;
const TRIED_MS_MAX = 15_000;

export interface ListQuery {
  readonly code?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly key?: string | undefined;
  readonly status?: string | undefined;
  readonly limit?: string;
}

/** Lists and resolves the dead letters of a running store, with its operations token. */
export class DeadLettersClient {
  readonly #gateway: string;
  /** The command that lists them. */
  readonly #list: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(env: Terminal['env']) {
    this.#gateway = addressOf('GATEWAY', env);
    this.#list = scriptFor(env, 'dead-letters', 'list');
    this.#headers = { 'content-type': 'application/json', ...operatorHeaders(env) };
  }

  /** One page; `hasMore` where another one follows. */
  async list(name: string, query: ListQuery): Promise<{ letters: readonly DeadLetterSummaryBody[]; hasMore: boolean }> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const path = `/operations/${name}/dead-letters?${new URLSearchParams(given)}`;
    const answer = await this.#get<{ letters: DeadLetterSummaryBody[]; _links?: { next?: unknown } }>(path, [
      'letters',
    ]);
    return { letters: answer.letters, hasMore: answer._links?.next !== undefined };
  }

  async groups(): Promise<readonly GroupBody[]> {
    return (await this.#get<{ groups: GroupBody[] }>('/operations/dead-letters/groups', ['groups'])).groups;
  }

  /** Finds it in the named function, else in any function. @throws StoreError where it does not exist. */
  async find(id: string, name?: string): Promise<DeadLetterBody> {
    for (const each of name === undefined ? functionNames : [name]) {
      try {
        const path = `/operations/${each}/dead-letters/${encodeURIComponent(id)}`;
        return await this.#get<DeadLetterBody>(path, ['letter', 'status', 'attributes', 'decisions']);
      } catch (error) {
        if (name !== undefined || !(error instanceof StoreError) || error.status !== 404) throw error;
      }
    }
    throw new StoreError(`No function has a dead letter ${printable(id)}. To list dead letters: ${this.#list}`, 404);
  }

  resolve({ letter, function: name }: DeadLetterSummaryBody, action: string, body: object): Promise<ResolvedBody> {
    return this.#post(`/operations/${name}/dead-letters/${encodeURIComponent(letter)}/${action}`, ['letter'], body);
  }

  /** One round of replays, in batches. */
  replayMany(name: string, body: object): Promise<ReplayedBody> {
    return this.#post(`/operations/${name}/dead-letters/replay`, ['left', 'waves'], body);
  }

  /** Waits until a replayed dead letter was tried. */
  async tried({ letter, function: name }: DeadLetterSummaryBody): Promise<DeadLetterBody> {
    let found = await this.find(letter, name);
    const isTried = async () => {
      found = await this.find(letter, name);
      return found.status !== 'replaying';
    };
    await waitUntil(isTried, { timeoutMs: TRIED_MS_MAX }).catch(() => undefined);
    return found;
  }

  async #get<Body extends object>(path: string, fields: readonly (keyof Body & string)[]): Promise<Body> {
    return bodyOf<Body>(await ask(new URL(path, this.#gateway), { headers: this.#headers }), fields);
  }

  async #post<Body extends object>(
    path: string,
    fields: readonly (keyof Body & string)[],
    body: object,
  ): Promise<Body> {
    const request = { method: 'POST', headers: this.#headers, body: JSON.stringify(body) };
    const answer = await ask(new URL(path, this.#gateway), request, { timeoutMs: ROUND_TIMEOUT_MS });
    return bodyOf<Body>(answer, fields);
  }
}
