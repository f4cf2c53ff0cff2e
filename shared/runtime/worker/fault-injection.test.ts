import { describe, expect, it } from 'vitest';
import { AppError, TransientError } from '../../core/errors.ts';
import { passing } from '../../testing/clock.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe } from '../../testing/probe.ts';
import type { StoreFunction } from '../function.ts';
import { createApp } from '../http/app.ts';
import { FaultInjection } from './fault-injection.ts';
import { addOwnFaultRoute } from './fault-routes.ts';

async function posted(fault: object) {
  const targets = { setRoom: () => undefined, setAway: () => undefined };
  const faults = new FaultInjection(
    'probe',
    passing(() => 0),
    targets,
  );
  const app = createApp(logLines().logger);
  addOwnFaultRoute(app, faults);
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(fault) };
  const { status } = await app.request('/automation-testing/faults', request);
  return { faults, status };
}

/** What the rules throw on a message of `a` after this fault was posted, and the answer to the post. */
async function poisonedBy(as: string) {
  const { faults, status } = await posted({ poison: { subject: 'a', as } });
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

describe('failing calls', () => {
  it.each([
    ['transient', TransientError],
    ['terminal', AppError],
  ])('%s reject before a call about their subject, and no other', async (as, kind) => {
    const { faults } = await posted({ calls: { subject: 'a', as } });

    await expect(faults.beforeCall('a')).rejects.toEqual(expect.any(kind));
    await faults.beforeCall('b');
  });

  it('silent never come back, and end when they are cleared', async () => {
    const { faults } = await posted({ calls: { share: 1, as: 'silent' } });
    const first = await Promise.race([
      faults.beforeCall('a'),
      new Promise((resolve) => setImmediate(resolve, 'silent')),
    ]);
    faults.set({ calls: null });

    expect([first, await faults.beforeCall('a')]).toEqual(['silent', undefined]);
  });
});
