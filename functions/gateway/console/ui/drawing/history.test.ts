import { describe, expect, it } from 'vitest';
import type { TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { emptyHistory, type History, KEPT_S, latencyColumns, rowsOf, throughputColumns, withTick } from './history.ts';

function tickOf(confirmed: number, p99: number | null = null): TickBody {
  const latencyMs = { p50: p99 === null ? null : p99 / 4, p99, count: p99 === null ? 0 : 9 };
  const order = {
    name: 'order',
    messages: {},
    parked: 0,
    deadLetters: 0,
    commitMs: { p50: null, p99: null, count: 0 },
    outcomes: { confirmed },
    latencyMs,
  };
  return { at: '', functions: [order], topics: [] };
}

/** Ticks each 250 ms for `seconds`, with so many outcomes a second. */
function run(seconds: number, perSecond: number, history: History = emptyHistory, fromMs = 1_000_000): History {
  let now = history;
  for (let ms = 0; ms <= seconds * 1_000; ms += 250) {
    now = withTick(now, tickOf(((fromMs + ms) * perSecond) / 1_000, 20), fromMs + ms);
  }
  return now;
}

describe('the last minutes', () => {
  it('have a rate and latencies for each second', () => {
    const history = run(3, 40);
    expect(throughputColumns(history, ['confirmed'])).toEqual([
      [1_001, 1_002, 1_003],
      [40, 40, 40],
    ]);
    expect(latencyColumns(history)).toEqual([
      [1_001, 1_002, 1_003],
      [5, 5, 5],
      [20, 20, 20],
    ]);
  });

  it('are five', () => {
    const { seconds } = run(KEPT_S + 60, 1);
    expect(seconds).toHaveLength(KEPT_S);
  });

  it('are interrupted where the stream was lost, and know no rate over the gap', () => {
    const history = run(1, 40, run(1, 40), 1_060_000);
    const [times, rates] = throughputColumns(history, ['confirmed']);
    expect([times, rates]).toEqual([
      [1_001, 1_059, 1_061],
      [40, null, 40],
    ]);
  });

  it('count on from 0 when a function has started again', () => {
    const history = withTick(run(1, 40), tickOf(8), 1_002_000);
    expect(throughputColumns(history, ['confirmed'])[1]?.at(-1)).toBe(8);
  });

  it('are summed up in rows, the newest first', () => {
    const rows = rowsOf(run(19, 40), 10);
    expect(rows.map(({ atS, perSecond, p99Ms }) => [atS, perSecond['confirmed'], p99Ms])).toEqual([
      [1_010, 40, 20],
      [1_000, 40, 20],
    ]);
  });
});
