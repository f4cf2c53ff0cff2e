import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import type { LogRecord, MessageLog, Subscription } from '../../ports/message-log.ts';
import { testPolicy } from '../../testing/batches.ts';
import { count, probe, tallies } from '../../testing/probe.ts';
import { commitOf } from '../../testing/shelf.ts';
import type { StoreFunction } from '../function.ts';
import { BatchSource } from './batch-source.ts';

/** More than a busy function makes while its group of readers forms. */
const STEPS = 1_000;
const NOW_MS = Date.parse('2026-03-01T10:00:00.000Z');
const DUE = '2026-03-01T09:00:00.000Z';

const timed = {
  ...probe,
  timers: [{ table: tallies, column: 'name', message: () => ({ type: 'ReceiveStock', subject: 'late', data: {} }) }],
} as unknown as StoreFunction;

describe('a timer that is due at the start of its function', () => {
  let store: SqliteStore;
  let source: BatchSource;
  let upMs = 0;
  let unread: readonly LogRecord[] = [];
  let reason: string | null = null;
  /** Happens while a poll is on its way. */
  let meanwhile: () => void;

  beforeEach(async () => {
    upMs = 5_000;
    unread = [];
    reason = 'the consumer group is not joined yet';
    meanwhile = () => undefined;
    const { name, tables, migrations } = probe;
    store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
    await store.transact({}, () =>
      commitOf({ writes: [{ table: tallies, row: { name: DUE, messages: 1, units: 1 }, stored: null }] }),
    );
    const subscription: Subscription = {
      poll: async () => {
        const polled = unread;
        meanwhile();
        return polled;
      },
      acknowledge: async () => undefined,
      ends: async () => [],
      unavailableReason: () => reason,
      close: async () => undefined,
    };
    const log = { subscribe: async () => subscription } as unknown as MessageLog;
    const clock = { nowMs: () => NOW_MS, upMs: () => upMs };
    source = new BatchSource({ fn: timed, store, log, clock, policy: testPolicy, parkedMax: 10, parkedPerKeyMax: 10 });
    await source.open(() => undefined);
  });
  afterEach(() => store.close());

  /** What each of so many steps takes. */
  async function take(steps: number): Promise<readonly string[]> {
    const from: string[] = [];
    for (let step = 0; step < steps; step++) {
      const { incoming } = await source.take(NOW_MS);
      from.push(...incoming.map((each) => each.from));
    }
    return from;
  }

  it('waits until its topics were taken up and read, however many steps that takes', async () => {
    expect(await take(STEPS)).toEqual([]);

    const { data, ...attributes } = count('a', 1);
    const record = { topic: 'probe-commands', partition: 0, position: 1, attributes, value: JSON.stringify(data) };
    [reason, unread] = [null, [record]];
    expect(await take(1)).toEqual(['log']);
    unread = [];
    expect(await take(3)).toEqual(['timer', 'timer']);
  });

  it('waits for a record that comes with the first look at its topic, just after a poll', async () => {
    const { data, ...attributes } = count('a', 1);
    const record = { topic: 'probe-commands', partition: 0, position: 1, attributes, value: JSON.stringify(data) };
    meanwhile = () => {
      [reason, unread] = [null, [record]];
    };

    expect(await take(2)).toEqual(['log']);
  });

  it('fires after a minute all the same while no topic can be read, and the function sleeps no longer than that', async () => {
    await take(1);
    upMs += 59_000;
    expect([await take(1), source.sleepMs(NOW_MS)]).toEqual([[], 1_000]);

    upMs += 1_000;
    expect(await take(2)).toEqual(['timer']);
  });

  it('does not wait for topics whose records never end', async () => {
    reason = null;
    const { data, ...attributes } = count('a', 1);
    unread = [{ topic: 'probe-commands', partition: 0, position: 1, attributes, value: JSON.stringify(data) }];

    expect(await take(401)).toContain('timer');
  });
});
