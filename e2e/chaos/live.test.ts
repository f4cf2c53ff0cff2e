import { describe, expect, it } from 'vitest';
import { barText, fitted, LiveLine, type Moment, momentText, paintFor, statesOf, strikeText } from './live.ts';

const moment: Moment = {
  phase: 'storm',
  elapsedMs: 65_000,
  totalMs: 130_000,
  states: statesOf(
    (target) => (target === 'inventory' ? 'frozen' : 'up'),
    [{ target: 'order', kind: 'full', toMs: null }],
  ),
  acknowledged: 12,
  withOutcome: 9,
  strikes: 1,
};
const plain = paintFor(false);
const kill = { atMs: 0, kind: 'kill', target: 'order', durationMs: 1_500, shiftMs: 0 } as const;

describe('the line', () => {
  it('tells the time, who is in trouble, and how far the orders are', () => {
    expect(momentText(moment, plain)).toBe(
      `${barText(0.5)} 1:05/2:10  under fire  order full, inventory frozen  1 fault  12 orders acknowledged, 9 with an outcome`,
    );
  });

  it('has colours only where they are allowed', () => {
    expect([true, false].map((hasColor) => momentText(moment, paintFor(hasColor)).includes('\u001b'))).toEqual([
      true,
      false,
    ]);
  });

  it('fits the terminal, and a colour takes no room', () => {
    expect(fitted('\u001b[31mdown\u001b[39m and out', 9)).toBe('\u001b[31mdown\u001b[39m and');
  });

  it('is taken back for a line that stays', () => {
    let written = '';
    const live = new LiveLine({ isTTY: true, columns: 30, write: (text) => (written += text) }, plain, () => moment);
    live.say('first');
    live.say('second');
    live.stop();

    const line = momentText(moment, plain).slice(0, 29);
    const erase = '\r\u001b[2K';
    expect(written).toBe(`first\n${line}${erase}second\n${line}${erase}`);
  });
});

describe('a fault as a line', () => {
  it.each([
    [kill, 'injected', '   3.2 s  kill -9 order, back in 1.5 s'],
    [{ ...kill, kind: 'full' }, 'unsupported', '   3.2 s  no room for order for 1.5 s  (not injected: no such switch)'],
    [{ ...kill, kind: 'clock', shiftMs: -9_000 }, 'injected', '   3.2 s  the clock of order 9 s back for 1.5 s'],
    [{ ...kill, kind: 'freeze' }, 'missed', '   3.2 s  freeze order for 1.5 s  (missed: nobody was there)'],
  ] as const)('%j', (fault, outcome, line) => {
    expect(strikeText(fault, 3_210, outcome)).toBe(line);
  });
});
