import { AppError } from '../../core/errors.ts';
import { laneName, type Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { type Batch, type Handled, handleBatch } from './handle-batch.ts';
import type { Incoming } from './incoming.ts';

/**
 * Handles the messages of a batch one by one, each in its own commit. Used for a batch that the store rejected, so that
 * only the message at fault fails. When the store becomes unavailable on the way, `interrupted` gets what was committed
 * so far; the rest is delivered again.
 */
export async function handleOneByOne(
  fn: StoreFunction,
  store: Store,
  batch: Batch,
  interrupted: (handled: Handled) => Promise<void>,
): Promise<Handled> {
  let sum = NOTHING;
  for (const item of batch.incoming) {
    if (item.from === 'log' && sum.lanesToPause.includes(laneName(item.record))) continue;
    const limits = { ...batch.limits, room: batch.limits.room - sum.parkedDelta };
    try {
      sum = merge(sum, await handleAlone(fn, store, { ...batch, limits, incoming: [item] }, item));
    } catch (error) {
      await interrupted(sum);
      throw error;
    }
  }
  return sum;
}

async function handleAlone(fn: StoreFunction, store: Store, batch: Batch, item: Incoming): Promise<Handled> {
  try {
    return await handleBatch(fn, store, batch);
  } catch (error) {
    if (error instanceof AppError) throw error;
    return await handleBatch(fn, store, { ...batch, failures: new Map([[item, error]]) });
  }
}

const NOTHING: Handled = {
  writes: [],
  inbox: [],
  outbox: [],
  positions: [],
  outcomes: [],
  lanesToPause: [],
  parkedDelta: 0,
  hasFreed: false,
};

function merge(one: Handled, next: Handled): Handled {
  return {
    writes: [...one.writes, ...next.writes],
    inbox: [...one.inbox, ...next.inbox],
    outbox: [...one.outbox, ...next.outbox],
    positions: [...one.positions, ...next.positions],
    outcomes: [...one.outcomes, ...next.outcomes],
    lanesToPause: [...one.lanesToPause, ...next.lanesToPause],
    parkedDelta: one.parkedDelta + next.parkedDelta,
    hasFreed: one.hasFreed || next.hasFreed,
  };
}
