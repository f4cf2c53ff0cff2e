import { describe, expect, it } from 'vitest';
import { TransientError } from '../../core/errors.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe } from '../../testing/probe.ts';
import type { StoreFunction } from '../function.ts';
import { createApp } from '../http/app.ts';
import { addFaultRoutes, FaultInjection } from './fault-injection.ts';

/** What the rules throw on a message of `a` after this fault was posted, and the answer to the post. */
async function poisonedBy(as: string) {
  const faults = new FaultInjection({ nowMs: () => 0 }, () => undefined);
  const app = createApp(logLines().logger);
  addFaultRoutes(app, faults);
  const body = JSON.stringify({ poison: { subject: 'a', as } });
  const headers = { 'content-type': 'application/json' };
  const { status } = await app.request('/automation-testing/faults', { method: 'POST', headers, body });
  const { rules } = faults.poisoned(probe as unknown as StoreFunction);
  try {
    rules.decide({ name: 'a', messages: 0, units: 0 }, count('a', 1));
    return { status, error: null };
  } catch (error) {
    return { status, error };
  }
}

describe('poison', () => {
  it.each([
    ['transient', TransientError],
    // The former name of transient.
    ['trouble', TransientError],
    ['bug', TypeError],
  ])('%s lets the rules fail with its kind of error', async (as, kind) => {
    expect(await poisonedBy(as)).toEqual({ status: 200, error: expect.any(kind) });
  });

  it('of another word is refused, and nothing fails', async () => {
    expect(await poisonedBy('arsenic')).toEqual({ status: 422, error: null });
  });
});
