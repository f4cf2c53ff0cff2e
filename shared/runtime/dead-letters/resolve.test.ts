import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/days.ts';
import { AppError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { outbox } from '../../ports/tables/outbox.ts';
import { DeadLetterBench } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';
import { dryRunClose, dryRunEdit, dryRunReplay } from './dry-run.ts';
import { close, edit, replay } from './resolve.ts';

const by = { who: 'ann', reason: 'it is fixed' };
const bug = new TypeError('undefined is not a function');
let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

/** A dead letter that blocks its key, with messages behind it; returns its id. */
async function deadHead(first: Message, ...behind: readonly Message[]): Promise<string> {
  bench.failures.set(first.id, bug);
  await bench.exhaust(first, ...behind);
  bench.asked.length = 0;
  return bench.letter();
}

async function published(): Promise<readonly string[]> {
  const rows = await bench.store.find({ table: outbox, limit: 99 });
  return rows.map(({ attributes }) => attributes.causationid);
}

function conflict(detail: string) {
  return expect.objectContaining({ code: 'conflict', message: expect.stringContaining(detail) });
}

describe('a dead letter with messages behind it', () => {
  it('blocks them until it is resolved, also in the next run of the function', async () => {
    await deadHead(count('a', 1), count('a', 2), count('b', 4));
    await bench.restart();
    await bench.exhaust(count('a', 8));

    expect([await bench.units(), await bench.waiting(), bench.asked]).toEqual([{ b: 4 }, [2, 1], []]);
  });

  it('is replayed before them, under its own id, after a fix', async () => {
    const [first, second] = [count('a', 1), count('a', 2)];
    const id = await deadHead(first, second);
    bench.failures.clear();
    await replay(bench.scope(), id, by);
    await bench.settle();

    expect([bench.asked, await published(), await bench.statuses(), await bench.waiting()]).toEqual([
      [first.id, second.id],
      [first.id, second.id],
      ['replayed'],
      [0, 0],
    ]);
  });

  it('is tried once by a replay; when that fails it is open again, and they still wait', async () => {
    const first = count('a', 1);
    const id = await deadHead(first, count('a', 2));
    await replay(bench.scope(), id, by);
    await bench.exhaust();

    const [row] = await bench.deadLetters();
    expect(bench.asked).toEqual([first.id]);
    expect(row).toMatchObject({ letter: id, status: 'open', attempts: 3, replays: 1, key: 'a' });
    expect(await bench.waiting()).toEqual([1, 1]);
  });

  it('is resolved no earlier than it died, and dies again no earlier than it was replayed, with any clock', async () => {
    const id = await deadHead(count('a', 1));
    const [dead] = await bench.deadLetters();
    bench.nowMs -= DAY_MS;
    await replay(bench.scope(), id, by);
    await bench.settle();
    const [open] = await bench.deadLetters();

    expect([open?.status, open?.decidedAt, open?.diedAt]).toEqual(['open', dead?.diedAt, dead?.diedAt]);
  });

  it.each(['discard', 'compensate'] as const)('unblocks them on %s', async (action) => {
    const [first, second] = [count('a', 1), count('a', 2)];
    const id = await deadHead(first, second);
    await close(bench.scope(), id, action, by);
    await bench.settle();

    const status = action === 'discard' ? 'discarded' : 'compensated';
    expect([bench.asked, await bench.statuses(), await bench.waiting()]).toEqual([[second.id], [status], [0, 0]]);
  });

  it('leaves no parked key when no message was behind it', async () => {
    await close(bench.scope(), await deadHead(count('a', 1)), 'discard', by);

    expect(await bench.waiting()).toEqual([0, 0]);
  });
});

describe('a resolution', () => {
  it('holds when the message is delivered again: a replayed one is a duplicate', async () => {
    const first = count('a', 1);
    const id = await deadHead(first);
    bench.failures.clear();
    await replay(bench.scope(), id, by);
    await bench.exhaust(first);

    expect([await bench.units(), await bench.statuses()]).toEqual([{ a: 1 }, ['replayed']]);
  });

  it('holds when the message is delivered again: a discarded one has no effect', async () => {
    const first = count('a', 1);
    const id = await deadHead(first);
    bench.failures.clear();
    await close(bench.scope(), id, 'discard', by);
    await bench.exhaust(first);

    expect([await bench.units(), await bench.statuses()]).toEqual([{}, ['discarded']]);
  });

  it('by replay has no second effect when another delivery was handled meanwhile', async () => {
    const refused = { ...count('a', 1, 'refuse') };
    await bench.exhaust(refused);
    const id = await bench.letter();
    await bench.store.transact({}, () => {
      const inbox = [{ source: refused.source, id: refused.id, fingerprint: 'handled', seenDay: 0 }];
      return { writes: [], inbox, outbox: [], positions: [] };
    });
    bench.asked.length = 0;
    await replay(bench.scope(), id, by);
    await bench.settle();

    expect([bench.asked, (await bench.deadLetters())[0]?.code, await bench.waiting()]).toEqual([
      [],
      'id_reused',
      [0, 0],
    ]);
  });

  it('happens once: a second one is refused', async () => {
    const id = await deadHead(count('a', 1));
    const both = await Promise.allSettled([close(bench.scope(), id, 'discard', by), replay(bench.scope(), id, by)]);

    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(replay(bench.scope(), id, by)).rejects.toEqual(conflict(`dead letter ${id} is discarded`));
    expect(await bench.audit()).toHaveLength(1);
  });

  it('is audited: who, when, why, and the values before and after', async () => {
    const id = await deadHead(count('a', 1));
    await replay(bench.scope(), id, by);
    await bench.settle();
    const { row } = await edit(bench.scope(), id, { ...count('a', 7).data }, { who: 'bob', reason: 'a typo' });

    const [first, second] = await bench.audit();
    const at = row.decidedAt;
    expect(first).toMatchObject({ letter: id, action: 'replay', who: 'ann', reason: 'it is fixed' });
    expect([first?.before, first?.after]).toEqual([
      { status: 'open', replays: 0 },
      { status: 'replaying', replays: 1 },
    ]);
    expect(second).toMatchObject({ letter: id, action: 'edit', who: 'bob', at, reason: 'a typo' });
    expect([second?.before, second?.after]).toEqual([
      { status: 'open', id: count('a', 1).id, data: count('a', 1).data },
      { status: 'edited', id: expect.stringMatching(/^[0-9a-f-]{36}$/), data: count('a', 7).data },
    ]);
  });
});

describe('an edit', () => {
  it('is a new message in its place, with a derived id; the first never has an effect', async () => {
    const [first, second] = [count('a', 1), count('a', 2)];
    const id = await deadHead(first, second);
    const { differences } = await edit(bench.scope(), id, { ...first.data, quantity: 5 }, by);
    bench.failures.clear();
    await bench.exhaust(first);

    const [edited] = bench.asked;
    expect(differences).toEqual([{ pointer: '/quantity', before: 1, after: 5 }]);
    expect(bench.asked).toEqual([edited, second.id]);
    expect(edited).not.toBe(first.id);
    expect(await published()).toEqual([edited, second.id]);
    expect([await bench.units(), await bench.statuses(), await bench.waiting()]).toEqual([
      { a: 7 },
      ['edited'],
      [0, 0],
    ]);
  });

  it('keeps the correlation id, and names the first message as its cause', async () => {
    const first = count('a', 1);
    const id = await deadHead(first);
    await edit(bench.scope(), id, { ...first.data, name: 'refuse' }, by);
    await bench.settle();

    const [, refused] = await bench.deadLetters();
    expect(refused?.attributes).toMatchObject({
      ...{ source: first.source, subject: 'a', partitionkey: 'a', correlationid: first.correlationid },
      causationid: first.id,
    });
  });

  it('makes an unreadable message readable, and waits behind the others of its key', async () => {
    const [head, broken] = [count('a', 1), count('a', 2)];
    bench.failures.set(head.id, bug);
    await bench.exhaust({ ...broken, data: { ...broken.data, quantity: 0 } } as Message, head);
    const [unreadable, dead] = await bench.deadLetters();
    const edited = await edit(bench.scope(), unreadable?.letter ?? '', broken.data, by);
    await bench.settle();
    const meanwhile = [await bench.units(), await bench.waiting()];
    bench.failures.clear();
    await replay(bench.scope(), dead?.letter ?? '', by);
    await bench.settle();

    expect(edited.differences).toEqual([{ pointer: '/quantity', before: 0, after: 2 }]);
    expect([meanwhile, await bench.units()]).toEqual([[{}, [1, 1]], { a: 3 }]);
  });

  it('is refused with a pointer to what is wrong, and changes nothing', async () => {
    const id = await deadHead(count('a', 1));

    const refusal = edit(bench.scope(), id, { productId: 'a', quantity: 0, name: null }, by);

    await expect(refusal).rejects.toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/data/quantity' }] });
    expect([await bench.statuses(), await bench.audit()]).toEqual([['open'], []]);
  });

  it('is refused where it would change the subject of the message', async () => {
    const id = await deadHead(count('a', 1));
    const other = { ...count('b', 1).data };

    const refusals = [edit(bench.scope(), id, other, by), dryRunEdit(bench.scope(), id, other)];

    const detail = 'the message is about a, and an edit cannot make it one about b';
    const error = { code: 'invalid_request', errors: [{ pointer: '/data/productId', detail }] };
    for (const refusal of refusals) await expect(refusal).rejects.toMatchObject(error);
    expect([await bench.statuses(), await bench.audit()]).toEqual([['open'], []]);
  });
});

describe('a replay is refused', () => {
  it('after too many replays, unless it is forced', async () => {
    const id = await deadHead(count('a', 1));
    const scope = bench.scope({ replaysMax: 1 });
    await replay(scope, id, by);
    await bench.settle();

    await expect(replay(scope, id, by)).rejects.toEqual(conflict('replayed once, and 1 is the most'));
    await expect(dryRunReplay(scope, id, false)).rejects.toEqual(conflict('replayed once'));
    expect(await replay(scope, id, by, { force: true })).toMatchObject({ status: 'replaying', replays: 2 });
  });

  it('when the inbox may have forgotten it, unless it is forced', async () => {
    const id = await deadHead(count('a', 1));
    bench.nowMs += 91 * DAY_MS;

    await expect(replay(bench.scope(), id, by)).rejects.toEqual(conflict('INBOX_RETENTION_DAYS'));
    expect(await replay(bench.scope(), id, by, { force: true })).toMatchObject({ status: 'replaying' });
  });

  it('when this program cannot handle it, or the dead letter does not exist', async () => {
    await bench.exhaust({ ...count('a', 1), type: 'Nonsense' } as unknown as Message);

    await expect(replay(bench.scope(), await bench.letter(), by)).rejects.toEqual(conflict('no message type Nonsense'));
    await expect(replay(bench.scope(), 'none', by)).rejects.toThrow(
      new AppError('not_found', 'there is no dead letter none'),
    );
  });
});

describe('a dry run', () => {
  it('reports what the message would do, and changes nothing', async () => {
    const first = count('a', 1);
    const id = await deadHead(first, count('a', 2));
    const before = [await bench.deadLetters(), await bench.waiting(), await bench.units(), await published()];
    const fails = await dryRunReplay(bench.scope(), id, false);
    bench.failures.clear();
    const passes = await dryRunReplay(bench.scope(), id, false);
    const edits = await dryRunEdit(bench.scope(), id, { ...first.data, quantity: 9 });
    const closes = await dryRunClose(bench.scope(), id);
    await bench.settle();

    expect(fails.foreseen).toMatchObject({
      outcome: 'failed',
      writes: [],
      error: expect.stringContaining('TypeError'),
    });
    expect(passes.foreseen).toMatchObject({
      outcome: 'handled',
      events: [{ type: 'Counted', causationid: first.id, data: { quantity: 1 } }],
      writes: [{ table: 'tally', row: { name: 'a', messages: 1, units: 1 }, removed: false }],
      error: null,
    });
    expect(edits).toMatchObject({ foreseen: { outcome: 'handled' }, differences: [{ pointer: '/quantity' }] });
    expect([passes.behind, closes.behind, closes.foreseen]).toEqual([1, 1, null]);
    expect([await bench.deadLetters(), await bench.waiting(), await bench.units(), await published()]).toEqual(before);
    expect(await bench.audit()).toEqual([]);
  });
});
