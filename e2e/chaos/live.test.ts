import { describe, expect, it } from 'vitest';
import { barText, fitted, injectionText, LiveLine, type Moment, momentText, paintFor, statesOf } from './live.ts';

const moment: Moment = {
  phase: 'load',
  elapsedMs: 65_000,
  totalMs: 130_000,
  states: statesOf(
    (target) => (target === 'inventory' ? 'frozen' : 'up'),
    [{ target: 'order', kind: 'full', toMs: null }],
  ),
  acknowledged: 12,
  withOutcome: 9,
  injections: 1,
};
const plain = paintFor(false);
const kill = { atMs: 0, kind: 'kill', target: 'order', durationMs: 1_500, shiftMs: 0, errors: null } as const;

describe('the live line', () => {
  it('shows the time, the functions with a fault, and the progress of the orders', () => {
    expect(momentText(moment, plain)).toBe(
      [
        `${barText(0.5)} 1:05/2:10`,
        'injecting faults',
        'order with a full disk, inventory frozen',
        '1 fault',
        '12 orders acknowledged, 9 with an outcome',
      ].join('  '),
    );
  });

  it('has colours only when they are allowed', () => {
    expect([true, false].map((hasColor) => momentText(moment, paintFor(hasColor)).includes('\u001b'))).toEqual([
      true,
      false,
    ]);
  });

  it('is cut to the width of the terminal, not counting colour codes', () => {
    expect(fitted('\u001b[31mdown\u001b[39m and out', 9)).toBe('\u001b[31mdown\u001b[39m and');
  });

  it('is erased before a line that stays and redrawn below it', () => {
    let written = '';
    const live = new LiveLine({ isTTY: true, columns: 30, write: (text) => (written += text) }, plain, () => moment);
    live.print('first');
    live.print('second');
    live.stop();

    const line = momentText(moment, plain).slice(0, 29);
    const erase = '\r\u001b[2K';
    expect(written).toBe(`first\n${line}${erase}second\n${line}${erase}`);
  });
});

describe('the line of a fault', () => {
  it.each([
    [kill, 'injected', '   3.2 s  kill -9 order, restart after 1.5 s'],
    [
      { ...kill, kind: 'full' },
      'unsupported',
      '   3.2 s  full disk for order for 1.5 s  (not injected: not possible here)',
    ],
    [
      { ...kill, kind: 'disk', errors: { operation: 'read', failure: 'EIO', share: 0.3 } },
      'injected',
      '   3.2 s  disk errors for order (30 % of read calls: EIO) for 1.5 s',
    ],
    [{ ...kill, kind: 'clock', shiftMs: -9_000 }, 'injected', '   3.2 s  clock of order 9 s behind for 1.5 s'],
    [
      { ...kill, kind: 'freeze' },
      'missed',
      '   3.2 s  freeze order for 1.5 s  (missed: the process was not available)',
    ],
  ] as const)('shows what was injected: %j', (fault, outcome, line) => {
    expect(injectionText(fault, 3_210, outcome)).toBe(line);
  });
});
