/** An operator asks why an order waits, and the answer names the exact cause. */
import { describe, expect, it, vi } from 'vitest';
import type { Why } from '../../functions/order/why.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { get, orderOf, post, request } from './client.ts';
import { hosts, run, TestStore } from './harness.ts';

const wait = { headers: { prefer: 'wait=20' } };
const poisoned = 'OrderPlaced of BAD was poisoned by a test';

async function why(store: TestStore, orderId: string): Promise<Why> {
  return get<Why>(store.url(`/orders/${orderId}/why`));
}

async function poison(store: TestStore, subject: string, as: 'transient' | 'bug'): Promise<void> {
  const answer = await post(store.url('/automation-testing/faults', 'inventory'), { poison: { subject, as } });
  expect(answer.status).toBe(200);
}

/** Asks until the first wait is of this kind. */
async function whyOfKind(store: TestStore, orderId: string, kind: string): Promise<Why> {
  let last = await why(store, orderId);
  await waitUntil(async () => {
    last = await why(store, orderId);
    return last.waits[0]?.kind === kind;
  });
  return last;
}

describe.each(hosts)('in %s, an order', (host) => {
  it('that has ended waits for nothing', async () => {
    const store = await TestStore.start(host);
    await post(store.url('/orders'), orderOf('DONE'), wait);
    await store.settle();

    const expected = {
      orderId: 'DONE',
      status: 'confirmed',
      hasOutcome: true,
      summary: 'DONE is confirmed and waits for nothing',
      waits: [],
    };
    // A log elsewhere tells a moment later how far a function has read.
    await vi.waitFor(async () => expect(await why(store, 'DONE')).toEqual(expected), { timeout: 30_000 });
  });

  it('with a failing message names it, its error and its next attempt', async () => {
    const store = await TestStore.start(host, { RETRY_FIRST_MS: '3600000', RETRY_LONGEST_MS: '3600000' });
    await poison(store, 'BAD', 'transient');
    await post(store.url('/orders'), orderOf('BAD'));

    const [first] = (await whyOfKind(store, 'BAD', 'parked')).waits;

    const error = `TransientError: ${poisoned}`;
    expect(first).toMatchObject({ at: 'inventory', attempt: 1, error, message: { type: 'OrderPlaced' } });
    expect(Date.parse(first?.until ?? '')).toBeGreaterThan(Date.parse(first?.since ?? ''));
  });

  it('with a message that is given up names its error and its dead letter, behind it the deadline', async () => {
    const store = await TestStore.start(host, { RETRY_FIRST_MS: '5', RETRY_BUG_ATTEMPTS: '2' });
    await poison(store, 'BAD', 'bug');
    await post(store.url('/orders'), orderOf('BAD'));

    const { waits } = await whyOfKind(store, 'BAD', 'dead_letter');

    const letter = expect.stringMatching(/^[0-9a-f]{12}$/);
    expect(waits[0]).toMatchObject({ at: 'inventory', error: `TypeError: ${poisoned}`, letter });
    expect(waits.at(-1)).toMatchObject({ at: 'order', kind: 'deadline' });
  });

  it('that waits for goods names its place in the queue', async () => {
    const store = await TestStore.start(host);
    await request('PUT', store.url('/stock/PRODUCT_001/policy'), {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ whenShort: 'wait' }),
    });
    for (const id of ['FIRST', 'SECOND']) await post(store.url('/orders'), orderOf(id, 20));

    const { status, waits, summary } = await whyOfKind(store, 'SECOND', 'backordered');

    expect([status, waits[0]?.place]).toEqual(['backordered', 2]);
    expect(summary).toContain('SECOND is at place 2 in the queue for PRODUCT_001, of which it asks for 20');
  });
});

describe('an order that inventory has not read', () => {
  it('names the unread message and its time, also by the tool, which fails for an unknown order', async () => {
    const store = await TestStore.start('a process each');
    await store.kill('inventory');
    await post(store.url('/orders'), orderOf('UNREAD'));
    // Notification lingers before it reads.
    const isRead = async () => !(await why(store, 'UNREAD')).waits.some(({ at }) => at === 'notification');
    await waitUntil(isRead, { what: 'notification to read the order' });

    const { summary, waits } = await why(store, 'UNREAD');
    const tool = run('dist/e2e/tools/why.js', ['UNREAD'], { GATEWAY_URL: store.url('') });
    const [{ code }, unknown] = [
      await tool.exit,
      run('dist/e2e/tools/why.js', ['UNPRIVILEGED_USER'], { GATEWAY_URL: store.url('') }),
    ];

    expect(summary).toMatch(/^UNREAD is placed: inventory has not read OrderPlaced since 20/);
    expect(waits.map(({ at, kind }) => [at, kind])).toEqual([
      ['inventory', 'unread'],
      ['inventory', 'unavailable'],
      ['order', 'deadline'],
    ]);
    expect([code, tool.stdout()]).toEqual([0, expect.stringContaining(summary)]);
    expect([(await unknown.exit).code, unknown.stdout(), unknown.stderr()]).toEqual([
      1,
      '',
      expect.stringContaining('there is no order UNPRIVILEGED_USER'),
    ]);
  });
});
