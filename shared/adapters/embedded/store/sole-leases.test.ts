import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { topicEpochs } from '../../../ports/tables/outbox.ts';
import { leasesConformance } from '../../../testing/leases.conformance.ts';
import { commitOf, shelfMigrations, shelfTables } from '../../../testing/shelf.ts';
import { SqliteStore } from './sqlite-store.ts';

function open(folder: string): SqliteStore {
  const options = { tables: shelfTables, migrations: shelfMigrations.sqlite };
  return SqliteStore.open({ name: 'shelf', file: join(folder, 'shelf.db'), ...options });
}

leasesConformance('the embedded engine', { severalInstances: false }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'saga-leases-'));
  let store = open(folder);
  return {
    leases: store.leases,
    other: null,
    advance: () => undefined,
    restart: async () => {
      await store.close();
      store = open(folder);
      return store.leases;
    },
    remove: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

it('a lease of the embedded engine does not go back when the epochs are pruned', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'saga-leases-'));
  const store = open(folder);
  const before = await store.leases.take();
  const epochs = await store.find({ table: topicEpochs, limit: 9 });
  const writes = epochs.map((row) => ({ table: topicEpochs as never, row, stored: row, removed: true }));
  await store.transact({}, () => commitOf({ writes }));
  const pruned = await store.leases.take();
  await store.close();
  const again = open(folder);
  const after = await again.leases.take();
  await again.close();
  rmSync(folder, { recursive: true });

  expect([pruned.token - before.token, after.token - before.token]).toEqual([0, 1]);
});
