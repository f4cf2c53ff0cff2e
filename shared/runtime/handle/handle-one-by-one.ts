import { AppError } from '../../core/errors.ts';
import type { Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { type Batch, type Handled, handleBatch } from './handle-batch.ts';
import type { Incoming } from './incoming.ts';

/**
 * Handles what waits message by message, with a commit for each: for a batch that the store has refused, so that only the
 * message at fault fails. What is committed before trouble with the store interrupts it is told to `interrupted`; the rest
 * comes again.
 */
export async function handleOneByOne(
  fn: StoreFunction,
  store: Store,
  batch: Batch,
  interrupted: (handled: Handled) => Promise<void>,
): Promise<Handled> {
  let sum = NOTHING;
  for (const item of batch.incoming) {
    if (item.from === 'log' && sum.full.includes(item.record.topic)) continue;
    const limits = { ...batch.limits, room: batch.limits.room - sum.parkedDelta };
    try {
      sum = together(sum, await alone(fn, store, { ...batch, limits, incoming: [item] }, item));
    } catch (error) {
      await interrupted(sum);
      throw error;
    }
  }
  return sum;
}

async function alone(fn: StoreFunction, store: Store, batch: Batch, item: Incoming): Promise<Handled> {
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
  full: [],
  parkedDelta: 0,
  hasFreed: false,
};

function together(one: Handled, next: Handled): Handled {
  return {
    writes: [...one.writes, ...next.writes],
    inbox: [...one.inbox, ...next.inbox],
    outbox: [...one.outbox, ...next.outbox],
    positions: [...one.positions, ...next.positions],
    outcomes: [...one.outcomes, ...next.outcomes],
    full: [...one.full, ...next.full],
    parkedDelta: one.parkedDelta + next.parkedDelta,
    hasFreed: one.hasFreed || next.hasFreed,
  };
}
