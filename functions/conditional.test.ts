/** Entity tags and conditional requests on orders and stock, through the gateway as clients use it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { logLines } from '../shared/testing/log-lines.ts';
import { readConfig } from './settings.ts';
import { type RunningStore, startStore } from './start-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-conditional-'));
const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
let store: RunningStore;

beforeAll(async () => {
  const config = readConfig({ ...ports, DATA_DIR: folder, ENABLE_AUTOMATION: 'true' });
  store = await startStore(['order', 'inventory', 'notification', 'gateway'], config, logLines().logger);
});
afterAll(async () => {
  await store.stop();
  rmSync(folder, { recursive: true });
});

type Headers = Readonly<Record<string, string>>;

interface Told {
  readonly status: number;
  readonly etag: string | null;
  readonly cacheControl: string | null;
  readonly replayed: string | null;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(method: string, path: string, headers: Headers = {}, body?: object): Promise<Told> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const url = `${store.urls.get('gateway')}${path}`;
  const response = await fetch(url, { method, headers: { ...json, ...headers }, ...sent });
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    cacheControl: response.headers.get('cache-control'),
    replayed: response.headers.get('idempotent-replayed'),
    text,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

let orders = 0;
async function confirmed(): Promise<{ readonly path: string; readonly etag: string }> {
  orders += 1;
  const orderId = `ORDER-${orders}`;
  const body = { orderId, customerId: 'C', items: [{ productId: 'lamp', quantity: 1, price: 10 }] };
  await ask('POST', '/stock/lamp/receipts', {}, { quantity: 1 });
  const { status, etag } = await ask('POST', '/orders', { prefer: 'wait=10' }, body);
  expect(status).toBe(200);
  return { path: `/orders/${orderId}`, etag: String(etag) };
}

async function stocked(productId: string): Promise<{ readonly path: string; readonly etag: string }> {
  const { etag } = await ask('POST', `/stock/${productId}/receipts`, {}, { quantity: 10 });
  return { path: `/stock/${productId}`, etag: String(etag) };
}

const reason = { reason: 'changed my mind' };

describe('an entity tag', () => {
  it('is that of the answer to the change and of the reads after it, and differs after the next change', async () => {
    const { path, etag } = await confirmed();
    const read = await ask('GET', path);
    const head = await ask('HEAD', path);
    const dispatched = await ask('POST', `${path}/dispatch`);
    const readAgain = await ask('GET', path);

    expect([read.etag, head.etag]).toEqual([etag, etag]);
    expect(etag).toMatch(/^"[A-Za-z0-9+/]{22}"$/);
    expect(dispatched.etag).toBe(readAgain.etag);
    expect(dispatched.etag).not.toBe(etag);
    expect([read.cacheControl, head.text]).toEqual(['private, no-cache', '']);
  });

  it('of stock changes with its figures and its policy', async () => {
    const { path, etag } = await stocked('tagged');
    const tags = [etag];
    for (const [method, what, body] of [
      ['POST', 'corrections', { quantity: -1, reason: 'broken' }],
      ['PUT', 'policy', { whenShort: 'wait' }],
      ['POST', 'receipts', { quantity: 1 }],
    ] as const) {
      const changed = await ask(method, `${path}/${what}`, {}, body);
      expect((await ask('GET', path)).etag).toBe(changed.etag);
      tags.push(String(changed.etag));
    }

    expect(new Set(tags).size).toBe(tags.length);
  });

  it.each(['/orders', '/stock', '/stock/lamp/movements', '/stock/lamp/backorders'])(
    'is given with the list %s',
    async (path) => {
      await confirmed();
      // The order's goods are sold after its outcome is told.
      await vi.waitFor(async () => {
        const { etag } = await ask('GET', path);
        const again = await ask('GET', path, { 'if-none-match': String(etag) });

        expect([again.status, again.etag, again.text]).toEqual([304, etag, '']);
      });
    },
  );
});

describe('If-None-Match', () => {
  it('answers a read with 304 and no body where one of the tags is that of the body', async () => {
    const { path, etag } = await confirmed();
    const forms = [etag, `W/${etag}`, `"other", ${etag}`, `"a,b" ,W/${etag},`, '*'];
    const answers = [];
    for (const method of ['GET', 'HEAD']) {
      for (const form of forms) answers.push(await ask(method, path, { 'if-none-match': form }));
    }

    for (const { status, etag: told, cacheControl, text } of answers) {
      expect([status, told, cacheControl, text]).toEqual([304, etag, 'private, no-cache', '']);
    }
  });

  it('answers with the body where none is', async () => {
    const { path, etag } = await confirmed();
    await ask('POST', `${path}/dispatch`);
    const { status, body } = await ask('GET', path, { 'if-none-match': `${etag}, W/"x"` });

    expect([status, body['status']]).toEqual([200, 'dispatched']);
  });

  it('with * creates a product once', async () => {
    const create = () => ask('POST', '/stock/once/receipts', { 'if-none-match': '*' }, { quantity: 1 });
    const answers = [await create(), await create()];

    expect(answers.map(({ status }) => status)).toEqual([201, 412]);
    expect((await ask('GET', '/stock/once')).body).toMatchObject({ onHand: 1 });
  });
});

describe('If-Match', () => {
  const changes = [
    ['cancels', 'POST', '/cancel', reason, confirmed, 200],
    ['dispatches', 'POST', '/dispatch', undefined, confirmed, 200],
    ['receives', 'POST', '/receipts', { quantity: 1 }, () => stocked('matched'), 201],
    ['corrects', 'POST', '/corrections', { quantity: -1, reason: 'broken' }, () => stocked('matched'), 201],
    ['sets the policy of', 'PUT', '/policy', { whenShort: 'wait' }, () => stocked('matched'), 200],
  ] as const;

  it.each(changes)('%s only what the client has seen', async (_, method, what, body, subject, done) => {
    const { path, etag } = await subject();
    const change = (ifMatch: string) => ask(method, path + what, { 'if-match': ifMatch }, body);
    const other = await change('"other"');
    const weak = await change(`W/${etag}`);

    expect([other.status, weak.status]).toEqual([412, 412]);
    expect(other.body).toMatchObject({
      code: 'precondition_failed',
      detail: `If-Match asks for "other", and the ETag is ${etag} now`,
    });
    expect((await ask('GET', path)).etag).toBe(etag);
    expect((await change(`"other", ${etag}`)).status).toBe(done);
  });

  it('is met by * where there is something, and the rules decide the rest', async () => {
    const { path } = await confirmed();
    const star = { 'if-match': '*' };
    const missing = { productId: 'never', receipt: { quantity: 1 } };

    expect((await ask('POST', `${path}/dispatch`, star)).status).toBe(200);
    expect((await ask('POST', `${path}/cancel`, star, reason)).status).toBe(409);
    expect((await ask('POST', `/stock/${missing.productId}/receipts`, star, missing.receipt)).status).toBe(412);
    expect((await ask('POST', '/orders/NONE/cancel', star, reason)).status).toBe(404);
    expect((await ask('POST', '/stock/NONE/corrections', star, { quantity: 1, reason: 'r' })).status).toBe(404);
    expect((await ask('PUT', '/stock/NONE/policy', star, { whenShort: 'wait' })).status).toBe(404);
  });

  it('comes before what the state allows', async () => {
    const { path, etag } = await confirmed();
    await ask('POST', `${path}/dispatch`);

    expect((await ask('POST', `${path}/cancel`, { 'if-match': etag }, reason)).status).toBe(412);
  });

  it('lets one of twenty changes pass that have all seen the same', async () => {
    const { path, etag } = await stocked('raced');
    const receive = () => ask('POST', `${path}/receipts`, { 'if-match': etag }, { quantity: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, receive));
    const statuses = answers.map(({ status }) => status).sort();

    expect(statuses).toEqual([201, ...Array(19).fill(412)]);
    expect((await ask('GET', path)).body).toMatchObject({ onHand: 11 });
  });

  it('is not asked again of a finished request that is repeated with its key', async () => {
    const { path, etag } = await stocked('replayed');
    const headers = { 'if-match': etag, 'idempotency-key': 'R' };
    const first = await ask('POST', `${path}/receipts`, headers, { quantity: 1 });
    const again = await ask('POST', `${path}/receipts`, headers, { quantity: 1 });
    const order = await confirmed();
    const cancel = () =>
      ask('POST', `${order.path}/cancel`, { 'if-match': order.etag, 'idempotency-key': 'C' }, reason);
    const cancels = [await cancel(), await cancel()];

    expect([again.status, again.replayed, again.etag, again.text]).toEqual([201, 'true', first.etag, first.text]);
    expect(cancels.map(({ status, replayed }) => [status, replayed])).toEqual([
      [200, null],
      [200, 'true'],
    ]);
  });

  it('that is not met uses up no key', async () => {
    const { path, etag } = await stocked('unused');
    const receive = (ifMatch: string) =>
      ask('POST', `${path}/receipts`, { 'if-match': ifMatch, 'idempotency-key': 'U' }, { quantity: 1 });
    const statuses = [(await receive('"other"')).status, (await receive(etag)).status];

    expect(statuses).toEqual([412, 201]);
  });

  it('is asked of a read, too', async () => {
    const { path, etag } = await confirmed();
    const statuses = [];
    for (const form of [etag, '*', `W/${etag}`, '"other"']) {
      statuses.push((await ask('GET', path, { 'if-match': form })).status);
    }

    expect(statuses).toEqual([200, 200, 412, 412]);
  });
});

describe('a new order', () => {
  it.each(['if-match', 'if-none-match'])(
    'is refused with a condition, which could have no effect: %s',
    async (name) => {
      const body = { orderId: `NEW-${name}`, customerId: 'C', items: [{ productId: 'lamp', quantity: 1, price: 10 }] };
      const { status } = await ask('POST', '/orders', { [name]: '"x"' }, body);

      expect([status, (await ask('GET', `/orders/NEW-${name}`)).status]).toEqual([400, 404]);
    },
  );
});

describe('a malformed condition', () => {
  it.each(['', 'abc', '"abc', 'w/"abc"', '"a" "b"', '"a";"b"', '*, "a"', '"a", *', ',', '"a b"', 'W/*'])(
    'is refused: %j',
    async (form) => {
      const { path } = await stocked('malformed');
      const answers = [
        await ask('GET', path, { 'if-none-match': form }),
        await ask('GET', path, { 'if-match': form }),
        await ask('POST', `${path}/receipts`, { 'if-match': form }, { quantity: 1 }),
        await ask('PUT', `${path}/policy`, { 'if-none-match': form }, { whenShort: 'wait' }),
      ];

      expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
        answers.map(() => [400, 'malformed_request']),
      );
      expect(answers[0]?.body['detail']).toContain('If-None-Match must be * or entity tags');
    },
  );

  it('is refused without long work', () => {
    return expect(ask('GET', '/stock/malformed', { 'if-match': `"a",${' '.repeat(7_000)}x` })).resolves.toMatchObject({
      status: 400,
    });
  });
});
