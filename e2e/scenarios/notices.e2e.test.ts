/** A channel refuses notices: the others are sent, and an operator has the failed ones sent again. */
import { describe, expect, it } from 'vitest';
import type { NoticeBody, OperatorNoticeBody, SentAgainBody } from '../../functions/notification/representation.ts';
import type { Why } from '../../functions/order/why.ts';
import { DAY_MS } from '../../shared/core/days.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, orderOf, post, request, whyOf } from './client.ts';
import { type Exit, hosts, run, TestStore } from './harness.ts';

const by = { who: 'ann', reason: 'the address is right now' };
const quick = { NOTICE_RETRY_FIRST_MS: '50', NOTICE_RETRY_LONGEST_MS: '200', NOTICE_RETRY_ATTEMPTS: '3' };
const aDay = String(DAY_MS);
const path = '/operations/notification/notices';

async function refuse(store: TestStore, calls: object | null): Promise<void> {
  const answer = await post(store.url('/automation-testing/faults', 'notification'), { calls });
  expect(answer.status).toBe(200);
}

async function list(store: TestStore, query: string): Promise<readonly NoticeBody[]> {
  return (await get<{ notifications: NoticeBody[] }>(store.url(`/notifications?limit=200&${query}`))).notifications;
}

async function until(store: TestStore, query: string, count: number): Promise<readonly NoticeBody[]> {
  let found: readonly NoticeBody[] = [];
  const areThere = async () => {
    found = await list(store, query);
    return found.length === count;
  };
  await waitUntil(areThere, { what: `${count} notices with ${query}` });
  return found;
}

async function tool(store: TestStore, ...args: readonly string[]): Promise<Exit & { out: string; err: string }> {
  const program = run('dist/e2e/tools/notices.js', args, store.env);
  const exit = await program.exit;
  return { ...exit, out: program.stdout(), err: program.stderr() };
}

async function metric(store: TestStore, name: string): Promise<number> {
  const text = await (await fetch(store.url('/metrics', 'notification'))).text();
  const line = text.split('\n').find((each) => each.startsWith(name));
  return Number(line?.split(' ').at(-1));
}

describe.each(hosts)('in %s, a notice', (host) => {
  it('that is refused for good fails alone, is visible everywhere, and is sent again by an operator', async () => {
    const store = await TestStore.start(host, quick);
    await refuse(store, { subject: 'BAD', as: 'terminal' });
    for (const id of ['GOOD_1', 'BAD', 'GOOD_2']) await post(store.url('/orders'), orderOf(id));

    const failed = await until(store, 'status=failed', 2);
    await until(store, 'status=sent', 4);
    await store.settle();
    const why = await whyOf(store.url('/orders/BAD/why'));

    const [first] = failed;
    expect(failed.map(({ orderId, attempts }) => [orderId, attempts])).toEqual([
      ['BAD', 1],
      ['BAD', 1],
    ]);
    expect(first?.lastError).toBe('calls about BAD are refused by a test');
    expect(why.waits).toMatchObject([{ at: 'notification', kind: 'unsent' }, { kind: 'unsent' }]);
    expect(await metric(store, 'saga_notice_attempts_total{result="failed"')).toBe(2);
    expect(await metric(store, 'saga_notices{status="failed"')).toBe(2);
    expect(store.prove().notices.byStatus).toEqual({ failed: 2, sent: 4 });
    const isLogged = () => store.program('notification').stdout().includes('"msg":"a notice has failed');
    await waitUntil(isLogged, { what: 'the log to say so' });

    await refuse(store, null);
    const id = first?.notificationId ?? '';
    const again = await post(store.url(`${path}/${id}/send-again`), by);
    expect([again.status, bodyOf<SentAgainBody>(again).notification.status]).toEqual([200, 'pending']);
    await until(store, 'status=sent', 5);
    const repeated = await post(store.url(`${path}/${id}/send-again`), by);
    expect([repeated.status, bodyOf<{ detail: string }>(repeated).detail]).toEqual([
      409,
      `notice ${id} is sent, and only a failed one can be sent again`,
    ]);
    const unknown = await post(store.url(`${path}/none/send-again`), by);
    expect([unknown.status, bodyOf<{ detail: string }>(unknown).detail]).toEqual([404, 'there is no notice none']);
    const shown = await get<OperatorNoticeBody>(store.url(`${path}/${id}`));
    expect(shown).toMatchObject({ status: 'sent', sentAgain: [{ ...by, attempts: 1 }] });
  });

  it('that is refused for a while, or never answered, delays no other and is sent in the end', async () => {
    const env = { ...quick, NOTICE_SEND_TIMEOUT_MS: '300', NOTICE_RETRY_ATTEMPTS: '1000' };
    const store = await TestStore.start(host, env);
    for (const as of ['transient', 'silent']) {
      const [bad, good] = [`BAD_${as}`, `GOOD_${as}`];
      await refuse(store, { subject: bad, as });
      for (const id of [bad, good]) await post(store.url('/orders'), orderOf(id));

      await until(store, `orderId=${good}&status=sent`, 2);
      const waiting = await until(store, `orderId=${bad}&status=pending`, 2);
      await waitUntil(async () => (await list(store, `orderId=${bad}`)).every(({ attempts }) => attempts > 1));
      const { waits } = await get<Why>(store.url(`/orders/${bad}/why`));
      const unsent = waits.filter(({ kind, until }) => kind === 'unsent' && until !== undefined);
      expect([waiting.length, unsent.length]).toEqual([2, 2]);
      await refuse(store, null);
      await until(store, `orderId=${bad}&status=sent`, 2);
    }
    await store.settle();
  });

  it('keeps its attempts and its due time when notification is killed', async () => {
    // A random share of a day: no attempt falls into this test.
    const store = await TestStore.start(host, { NOTICE_RETRY_FIRST_MS: aDay, NOTICE_RETRY_LONGEST_MS: aDay });
    await refuse(store, { subject: 'BAD', as: 'transient' });
    await post(store.url('/orders'), orderOf('BAD'));
    await waitUntil(async () => {
      const found = await list(store, 'orderId=BAD&status=pending');
      return found.length === 2 && found.every(({ attempts }) => attempts === 1);
    });
    const before = await list(store, 'orderId=BAD');
    await store.kill('notification');
    await store.start(host !== 'a process each' ? undefined : ['notification']);
    await post(store.url('/orders'), orderOf('GOOD'));
    await until(store, 'orderId=GOOD&status=sent', 2);

    expect(await list(store, 'orderId=BAD')).toEqual(before);
    expect(before.every(({ dueAt }) => dueAt !== null)).toBe(true);
  });
});

describe('notices that have failed', () => {
  it('are listed and sent again by the tool, which reports what it cannot do', async () => {
    const store = await TestStore.start('one process', { ...quick, OPERATIONS_TOKEN: 'secret' });
    await refuse(store, { share: 1, as: 'transient' });
    for (const id of ['A', 'B']) await post(store.url('/orders'), orderOf(id));
    const [first] = await until(store, 'status=failed', 4);
    const id = first?.notificationId ?? '';
    const send = (...args: readonly string[]) => tool(store, 'send-again', ...args);
    const yes = ['--yes', '--reason', 'the channel is back'];

    const listed = await tool(store, 'list', '--failed');
    expect([listed.code, listed.out.includes(id), listed.out.includes('calls about A')]).toEqual([0, true, true]);
    expect(await send(id)).toMatchObject({ code: 0, out: expect.stringContaining('This was a dry run') });
    expect(await list(store, 'status=failed')).toHaveLength(4);
    const closed = await request('POST', store.url(`${path}/${id}/send-again`), { body: '{}' });
    expect(closed.status).toBe(401);

    await refuse(store, null);
    expect(await send(id, ...yes)).toMatchObject({ code: 0, out: expect.stringContaining('was sent at') });
    expect(await send('--all-failed', ...yes)).toMatchObject({
      code: 0,
      out: '3 failed notices are being sent again.\n',
    });
    await until(store, 'status=sent', 4);
    const refusals = [await send(id, ...yes), await send('none', ...yes), await send()];
    expect(refusals.map(({ code, out }) => [code, out])).toEqual([
      [1, ''],
      [1, ''],
      [2, ''],
    ]);
    expect(refusals.map(({ err }) => err)).toEqual([
      expect.stringContaining('409'),
      expect.stringContaining('404'),
      expect.stringContaining('send-again needs'),
    ]);
    await store.settle();
  });
});
