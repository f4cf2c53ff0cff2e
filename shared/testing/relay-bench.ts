import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import type { Store } from '../ports/store.ts';
import type { Relay } from '../runtime/relay/relay.ts';
import { count, probe } from './probe.ts';
import { commitOf } from './shelf.ts';

/** A store of the probe whose messages a relay sends to a log elsewhere. */
export function openRelayed(): SqliteStore {
  const { name, tables, migrations } = probe;
  const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  store.home.move('fake');
  return store;
}

/** Commits a message of each key, in one transaction. */
export async function publish(store: Store, ...keys: readonly string[]): Promise<void> {
  const outbox = keys.map((key) => ({ topic: 'counted', message: count(key, 1) }));
  await store.transact({}, () => commitOf({ outbox }));
}

/** Steps until nothing is left to be sent. */
export async function drain(relay: Relay): Promise<void> {
  while (await relay.step());
}
