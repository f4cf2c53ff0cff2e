/** A function on a real database in memory, without a loop: each command is a batch of its own. */
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import type { StoreFunction } from '../runtime/function.ts';
import { handleBatch } from '../runtime/handle/handle-batch.ts';
import type { CommandOutcome } from '../runtime/handle/outcome.ts';
import type { FunctionContext } from '../runtime/worker/function-context.ts';
import { batchOf } from './batches.ts';
import { passing } from './clock.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');

export function inMemory(fn: StoreFunction): Pick<FunctionContext, 'store' | 'clock' | 'catalog' | 'submit'> {
  const { name, tables, migrations, catalog } = fn;
  const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  return {
    store,
    clock: passing(() => NOW_MS),
    catalog,
    submit: async (message, { deduplicate = false } = {}) => {
      const batch = batchOf([{ from: 'command', message, deduplicate }], NOW_MS);
      const { outcomes } = await handleBatch(fn, store, batch);
      return outcomes[0] as CommandOutcome;
    },
  };
}
