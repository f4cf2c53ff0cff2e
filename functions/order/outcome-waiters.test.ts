import { describe, expect, it } from 'vitest';
import { OutcomeWaiters } from './outcome-waiters.ts';

const context = { onCommit: () => () => undefined };
const LONG_MS = 60_000;

describe('a request that waits for an outcome', () => {
  it('gets none as soon as the function stops', async () => {
    const stopping = new AbortController();
    const waiting = new OutcomeWaiters(context, stopping.signal).listen('ORDER_7').first(LONG_MS);
    stopping.abort();

    expect(await waiting).toBeNull();
  });

  it('gets none at once when the function already stops', async () => {
    const listening = new OutcomeWaiters(context, AbortSignal.abort()).listen('ORDER_7');

    expect(await listening.first(LONG_MS)).toBeNull();
  });

  it('gets none after its timeout', async () => {
    const listening = new OutcomeWaiters(context, new AbortController().signal).listen('ORDER_7');

    expect(await listening.first(1)).toBeNull();
  });
});
