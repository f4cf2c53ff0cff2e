import { expect, it } from 'vitest';
import type { StoredWrite, Table } from '../ports/store.ts';
import { inbox, inboxWatermarks } from '../ports/tables/inbox.ts';
import { outbox } from '../ports/tables/outbox.ts';
import { count } from './probe.ts';
import { type Context, seen, seenRow } from './store-reads.conformance.ts';

/** How a store prunes rows and still recognizes duplicates. */
export function retains(context: Context): void {
  const { store, commit } = context;
  const removal = (table: Table, row: object): StoredWrite => ({ table, row, stored: row, removed: true });
  const at = (position: number, epoch: string) => ({ topic: 'facts', partition: 0, position, epoch });
  const watermarks = () => store().find({ table: inboxWatermarks, limit: 9 });

  it('reads the inbox by source and a range of ids, and forgets removed rows', async () => {
    await commit({ inbox: [seenRow('a1'), seenRow('a2'), seenRow('b1'), seenRow('a1', '/elsewhere')] });
    const [some] = await store().find({ table: inbox, limit: 1 });
    const where = { consumer: some?.consumer ?? '', source: '/tests' };
    const rows = await store().find({ table: inbox, where, atMost: { id: 'b' }, limit: 9 });
    await commit({ writes: rows.map((row) => removal(inbox as Table, row)) });

    expect(rows.map(({ id, seenDay }) => [id, seenDay])).toEqual([
      ['a1', 20_000],
      ['a2', 20_000],
    ]);
    const queried = [seenRow('a1'), seenRow('a2'), seenRow('b1'), seenRow('a1', '/elsewhere')];
    expect(await Promise.all(queried.map((row) => seen(store(), row)))).toEqual([
      undefined,
      undefined,
      'print of b1',
      'print of a1',
    ]);
  });

  it('stores the epoch of the writer with a position', async () => {
    await commit({ positions: [at(7, 'one')] });
    await context.reopen();

    expect([await store().positions(), await watermarks()]).toEqual([[at(7, 'one')], []]);
  });

  it('stores a watermark when a position is set back or moves to another epoch', async () => {
    await commit({ positions: [at(7, 'one')] });
    await commit({ positions: [at(9, 'one')] });
    await commit({ positions: [at(3, 'one')] });
    await commit({ positions: [at(5, 'one')] });
    await commit({ positions: [at(11, 'two')] });
    await commit({ positions: [at(12, 'three')] });

    expect([await store().positions(), await watermarks()]).toEqual([[at(12, 'three')], [at(9, 'one'), at(11, 'two')]]);
  });

  it('retains watermarks when it is cleared', async () => {
    await commit({ positions: [at(9, 'one')] });
    await store().clear([at(20, 'two')]);

    expect(await watermarks()).toEqual([at(9, 'one')]);
  });

  it('never reuses a position of the outbox, also when its newest row is removed', async () => {
    await commit({ outbox: [{ topic: 'events', message: count('a', 1) }] });
    const [row] = await store().find({ table: outbox, limit: 1 });
    await commit({ writes: [removal(outbox as Table, row ?? {})] });
    await context.reopen();
    await commit({ outbox: [{ topic: 'events', message: count('a', 2) }] });

    const published = await context.published();
    expect(published.map(({ position }) => position > (row?.position ?? 0))).toEqual([true]);
  });
}
