import type { Result, Router } from 'hono/router';
import { TrieRouter } from 'hono/router/trie-router';

/**
 * Hono's trie router with a cache. A path without parameters always has the same handlers, so it is searched once for
 * each method.
 */
export class CachingRouter<Handler> implements Router<Handler> {
  readonly name = 'CachingRouter';
  readonly #search = new TrieRouter<Handler>();
  /** The paths without parameters that were added. Only these are cached, so clients cannot grow the cache. */
  readonly #literal = new Set<string>();
  readonly #cached = new Map<string, Result<Handler>>();

  add(method: string, path: string, handler: Handler): void {
    this.#search.add(method, path, handler);
    // `/orders/*` answers at `/orders` too.
    const start = path.replace(/\/\*$/, '');
    if (!/[:*]/.test(start)) this.#literal.add(start);
    this.#cached.clear();
  }

  match(method: string, path: string): Result<Handler> {
    if (!this.#literal.has(path)) return this.#search.match(method, path);
    const key = `${method} ${path}`;
    const cached = this.#cached.get(key);
    if (cached !== undefined) return cached;
    const found = this.#search.match(method, path);
    this.#cached.set(key, found);
    return found;
  }
}
