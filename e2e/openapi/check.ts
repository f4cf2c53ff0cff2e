/** Sends to a store what its document allows and what it forbids, and compares the answers with the document. */
import fc from 'fast-check';
import type { Source } from './allowed.ts';
import { type ApiAnswer, differencesOf, leniencyOf, refusalOf, refusedFieldsOf } from './answers.ts';
import { type Document, type Endpoint, endpointsOf, isJson, mediaTypeOf } from './document.ts';
import { KnownValues } from './known-values.ts';
import { type ApiRequest, allowedRequests, type Choice, forbiddenRequests } from './requests.ts';
import { type Validate, validatorOf } from './validate.ts';

/** Sends a request to a server of the document. */
export type Send = (server: string, request: ApiRequest) => Promise<ApiAnswer>;

/** Requests that are under way at once. */
const AT_ONCE = 8;
/** A request in a finding is cut to this length. */
const SHOWN_MAX = 600;
const ALL_METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

export class OpenapiCheck {
  readonly #document: Document;
  readonly #send: Send;
  readonly #seed: number;
  readonly #source: Source;
  readonly #validateAnswer: Validate;
  #calls = 0;
  readonly #refused = new Set<string>();
  readonly #statuses = new Map<string, Set<number>>();

  constructor(document: Document, send: Send, seed: number) {
    this.#document = document;
    this.#send = send;
    this.#seed = seed;
    this.#source = { document, validate: validatorOf(document, false), known: new KnownValues() };
    this.#validateAnswer = validatorOf(document, true);
  }

  /** Operations that have answered nothing below 300 so far. */
  withoutSuccess(): readonly string[] {
    return endpointsOf(this.#document)
      .map(({ name }) => name)
      .filter((name) => ![...(this.#statuses.get(name) ?? [])].some((status) => status < 300));
  }

  /** The fields for which allowed requests were refused so far, by rules that no schema says: `POST /orders /totalPrice`. */
  refusedFields(): readonly string[] {
    return [...this.#refused].sort();
  }

  /** Sends allowed requests: each answer is as it is declared. Returns the differences. */
  async allowed(endpoint: Endpoint, count: number): Promise<readonly string[]> {
    const requests = allowedRequests(this.#source, endpoint, this.#choice(endpoint, count));
    return this.#sendAll(endpoint, requests, (answer) => {
      for (const pointer of refusedFieldsOf(answer)) this.#refused.add(`${endpoint.name} ${pointer}`);
      return [...refusalOf(answer), ...differencesOf(this.#validateAnswer, endpoint, answer)];
    });
  }

  /** Sends one request, which the document allows. Returns the differences. */
  async one(name: string, request: ApiRequest): Promise<readonly string[]> {
    const endpoint = endpointsOf(this.#document).find((each) => each.name === name);
    if (endpoint === undefined) return [`the document has no operation ${name}`];
    return this.#sendAll(endpoint, [request], (answer) => differencesOf(this.#validateAnswer, endpoint, answer));
  }

  /** Sends requests that break the document in one place each: each is refused, as it is declared. */
  async forbidden(endpoint: Endpoint, count: number): Promise<readonly string[]> {
    const wrong = forbiddenRequests(this.#source, endpoint, this.#choice(endpoint, count));
    const whats = new Map(wrong.map(({ what, request }) => [request, what]));
    return this.#sendAll(endpoint, [...whats.keys()], (answer, request) =>
      [...leniencyOf(answer), ...differencesOf(this.#validateAnswer, endpoint, answer)].map(
        (difference) => `${whats.get(request)}: ${difference}`,
      ),
    );
  }

  /**
   * Sends a path the methods that it does not declare: 405 with those that it does. OPTIONS may also be answered with them alone.
   * A path may declare other methods at other servers.
   */
  async otherMethods(path: string, methods: readonly string[] = ALL_METHODS): Promise<readonly string[]> {
    const endpoints = endpointsOf(this.#document).filter((endpoint) => endpoint.path === path);
    if (endpoints.length === 0) return [`the document has no path ${path}`];
    const places = new Set(endpoints.map(({ servers }) => servers.join()));
    const found: string[] = [];
    for (const place of places) {
      const here = endpoints.filter(({ servers }) => servers.join() === place);
      found.push(...(await this.#otherMethodsOf(here, methods)));
    }
    return found;
  }

  async #otherMethodsOf(endpoints: readonly Endpoint[], methods: readonly string[]): Promise<readonly string[]> {
    const [first] = endpoints;
    if (first === undefined) return [];
    const declared = endpoints.map(({ method }) => method);
    const expected = declared.includes('GET') ? [...declared, 'HEAD'] : declared;
    const others = [...methods, 'HEAD'].filter((method) => !expected.includes(method));
    const [request] = allowedRequests(this.#source, first, this.#choice(first, 1));
    if (request === undefined) return [];
    const sent = others.map((method) => ({ ...request, method, headers: {}, body: undefined }));
    return this.#sendAll(first, sent, (answer, { method }) => {
      const allow = (answer.headers['allow'] ?? '').split(/,\s*/).filter((each) => each !== '' && each !== 'OPTIONS');
      const isSame = [...allow].sort().join() === [...expected].sort().join();
      if (method === 'OPTIONS' && answer.status === 204 && isSame) return [];
      if (answer.status !== 405) return [`${method} is not declared and is answered with ${answer.status}`];
      if (!isSame) return [`Allow is ${allow.join(', ') || 'missing'}; declared: ${expected.join(', ')}`];
      return method === 'HEAD' ? [] : differencesOf(this.#validateAnswer, first, answer);
    });
  }

  #choice({ name }: Endpoint, count: number): Choice {
    // Another seed for each operation and each time, so that they do not all get the same values.
    const seed = [...name].reduce(
      (sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) | 0,
      this.#seed + this.#calls++,
    );
    return { seed, count };
  }

  async #sendAll(
    endpoint: Endpoint,
    requests: readonly ApiRequest[],
    judge: (answer: ApiAnswer, request: ApiRequest) => readonly string[],
  ): Promise<readonly string[]> {
    const found: string[] = [];
    const waiting = requests.flatMap((request) => endpoint.servers.map((server) => ({ server, request })));
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { server, request } = next;
        const answer = await this.#send(server, request);
        this.#learn(endpoint, answer);
        for (const difference of judge(answer, request)) found.push(`${difference}; ${shown(server, request, answer)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return found;
  }

  #learn({ name }: Endpoint, { status, headers, text }: ApiAnswer): void {
    const statuses = this.#statuses.get(name) ?? new Set();
    this.#statuses.set(name, statuses.add(status));
    if (status >= 300 || !isJson(mediaTypeOf(headers['content-type'])) || text === '') return;
    this.#source.known.learn(JSON.parse(text));
  }
}

function shown(server: string, { method, target, headers, body }: ApiRequest, answer: ApiAnswer): string {
  const sent = `${method} ${server}${target} ${fc.stringify(headers)} ${body === undefined ? '' : fc.stringify(body)}`;
  return `${sent.slice(0, SHOWN_MAX)} → ${answer.status} ${answer.text.slice(0, SHOWN_MAX)}`;
}
