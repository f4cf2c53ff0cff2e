import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { actionsOf, faultKinds, faultsOf, targets } from './plan.ts';

const everything = { kinds: faultKinds, targets };

function first<Item>(count: number, items: Iterator<Item>): readonly Item[] {
  return Array.from({ length: count }, () => items.next().value);
}

function planOf(seed: number, ratePerS = 50): string {
  return JSON.stringify([first(200, faultsOf(seed, everything)), first(2_000, actionsOf(seed, ratePerS))]);
}

describe('a plan', () => {
  it('is the same for the same seed, byte for byte', () => {
    expect(planOf(7)).toBe(planOf(7));
  });

  it('differs for another seed', () => {
    expect(planOf(7)).not.toBe(planOf(8));
  });

  it('is the same in another process', () => {
    const targets = ['gateway', 'order', 'inventory', 'notification'] as const;
    const plan = JSON.stringify([
      first(200, faultsOf(7, { kinds: faultKinds, targets })),
      first(2_000, actionsOf(7, 50)),
    ]);

    expect(createHash('sha256').update(plan).digest('hex').slice(0, 16)).toBe('d5da3df4a4a25add');
  });

  it.each(['faults', 'actions'])('is ordered by time: %s', (list) => {
    const items = list === 'faults' ? first(500, faultsOf(3, everything)) : first(500, actionsOf(3, 50));
    const times = items.map(({ atMs }) => atMs);

    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('faults', () => {
  it('cover every kind and every target', () => {
    const faults = first(500, faultsOf(3, everything));

    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
    expect(new Set(faults.map(({ target }) => target))).toEqual(new Set(targets));
  });

  it('are limited to the chosen kinds and targets', () => {
    const faults = first(100, faultsOf(3, { kinds: ['kill', 'full'], targets: ['inventory', 'gateway'] }));

    expect(new Set(faults.map(({ kind, target }) => `${kind} ${target}`))).toEqual(
      new Set(['kill inventory', 'kill gateway', 'full inventory']),
    );
  });

  it('shift clocks by at most ten minutes', () => {
    const shifts = first(2_000, faultsOf(3, { kinds: ['clock'], targets })).map(({ shiftMs }) => Math.abs(shiftMs));

    expect(Math.max(...shifts)).toBeLessThanOrEqual(600_000);
  });
});

describe('disk errors', () => {
  it('are of each operation, and other faults have none', () => {
    const faults = first(2_000, faultsOf(3, { kinds: ['disk'], targets }));

    expect(new Set(faults.map(({ errors }) => errors?.operation))).toEqual(
      new Set(['read', 'write', 'sync', 'open', 'truncate']),
    );
    expect(first(50, faultsOf(3, { kinds: ['kill', 'clock'], targets })).every(({ errors }) => errors === null)).toBe(
      true,
    );
  });
});

describe('actions', () => {
  it('come at the requested rate', () => {
    const last = first(5_000, actionsOf(3, 200)).at(-1);

    expect((last?.atMs ?? 0) / 1_000).toBeCloseTo(25, 0);
  });

  it('repeat and cancel only what was posted before', () => {
    const posted = new Set<string>();
    const early = first(2_000, actionsOf(3, 50)).filter((action) => {
      if (action.kind === 'order') posted.add(action.orderId);
      return (action.kind === 'duplicate' || action.kind === 'cancel') && !posted.has(action.orderId);
    });

    expect(early).toEqual([]);
  });
});
