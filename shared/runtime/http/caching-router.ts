import type { Result, Router } from 'hono/router';
import { TrieRouter } from 'hono/router/trie-router';

/**
 * Hono's router for any set of paths, with a memory. What answers at a path without parameters is always the same: it is
 * searched once for each method, and then known.
 */
export class CachingRouter<Handler> implements Router<Handler> {
  readonly name = 'CachingRouter';
  readonly #search = new TrieRouter<Handler>();
  /** The paths without parameters, as they were added: so many are remembered, whatever clients ask for. */
  readonly #literal = new Set<string>();
  readonly #known = new Map<string, Result<Handler>>();

  add(method: string, path: string, handler: Handler): void {
    this.#search.add(method, path, handler);
    // `/orders/*` answers at `/orders` too.
    const start = path.replace(/\/\*$/, '');
    if (!/[:*]/.test(start)) this.#literal.add(start);
    this.#known.clear();
  }

  match(method: string, path: string): Result<Handler> {
    if (!this.#literal.has(path)) return this.#search.match(method, path);
    const key = `${method} ${path}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#search.match(method, path);
    this.#known.set(key, found);
    return found;
  }
}
