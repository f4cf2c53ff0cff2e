import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logLines } from '../shared/testing/log-lines.ts';
import { readConfig } from './settings.ts';
import { type RunningStore, startStore } from './start-store.ts';

const ATTEMPTS = 4;

let folder: string;
let functions: RunningStore;
let gateway: RunningStore;

/** The gateway asks the functions over HTTP, with its own attempts, as it does between processes. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saga-attempts-'));
  const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
  const retries = {
    RETRY_FIRST_MS: '1',
    RETRY_LONGEST_MS: '5',
    RETRY_ATTEMPTS: String(ATTEMPTS),
    GATEWAY_RETRIES: '3',
  };
  const env = { ...ports, ...retries, DATA_DIR: folder, ENABLE_AUTOMATION: 'true' };
  const { logger } = logLines();
  functions = await startStore(['order', 'inventory', 'notification'], readConfig(env), logger);
  const urls = [...functions.urls].map(([part, url]) => [`${part.toUpperCase()}_URL`, url]);
  gateway = await startStore(['gateway'], readConfig({ ...env, ...Object.fromEntries(urls) }), logger);
});
afterEach(async () => {
  await gateway.stop();
  await functions.stop();
  rmSync(folder, { recursive: true });
});

async function poison(part: 'order' | 'inventory', as: 'transient' | 'bug'): Promise<void> {
  await post(`${functions.urls.get(part)}/automation-testing/faults`, { poison: { subject: 'BAD', as } });
}

function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const json = { 'content-type': 'application/json', ...headers };
  return fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) });
}

function postBad(): Promise<Response> {
  const items = [{ productId: 'PRODUCT_001', quantity: 1, price: 10 }];
  const key = { 'idempotency-key': 'the-same' };
  return post(`${gateway.urls.get('gateway')}/orders`, { orderId: 'BAD', customerId: 'CUSTOMER_1', items }, key);
}

/** How often a function was asked about messages of this type that failed, by what became of them. */
async function failures(part: 'order' | 'inventory', type: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${functions.urls.get(part)}/metrics`)).text();
  const lines = text.match(new RegExp(`^saga_messages_total\\{.*type="${type}".*$`, 'gm')) ?? [];
  const found = lines.map((line) => [/outcome="(\w+)"/.exec(line)?.[1] ?? '', Number(line.split(' ').at(-1))] as const);
  return Object.fromEntries(found);
}

describe('attempts at one message', () => {
  it.each(['transient', 'bug'] as const)('are one for each request: only the client repeats a %s', async (as) => {
    await poison('order', as);
    const first = await postBad();
    const counted = await failures('order', 'PlaceOrder');
    await postBad();

    expect(first.status).toBeGreaterThanOrEqual(500);
    expect([counted, await failures('order', 'PlaceOrder')]).toEqual([{ failed: 1 }, { failed: 2 }]);
  });

  it('are limited by the setting of the failing function, and not repeated by the functions before it', async () => {
    await poison('inventory', 'transient');
    const answer = await postBad();
    await vi.waitFor(async () => expect((await failures('inventory', 'OrderPlaced'))['dead']).toBe(1), 5_000);

    expect(answer.status).toBe(202);
    expect([await failures('inventory', 'OrderPlaced'), await failures('order', 'PlaceOrder')]).toEqual([
      { parked: ATTEMPTS - 1, dead: 1 },
      { handled: 1 },
    ]);
  });
});

describe('an order or a product', () => {
  it.each(['/orders/ORDER_001', '/stock/PRODUCT_001', '/orders', '/stock'])('cannot be deleted: %s', async (path) => {
    const answer = await fetch(`${gateway.urls.get('gateway')}${path}`, { method: 'DELETE' });

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, expect.not.stringContaining('DELETE')]);
  });

  it('is deleted by no route but that of test automation, which removes everything', async () => {
    const document = (await (await fetch(`${gateway.urls.get('gateway')}/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, object>>;
    };
    const deletable = Object.entries(document.paths).filter(([, methods]) => 'delete' in methods);

    // None of the others has anything to do with what is stored.
    expect(
      deletable
        .map(([path]) => path)
        .filter((path) => !/^\/operations\/session$|\/faults|\/load$|\/replays\//.test(path)),
    ).toEqual(['/automation-testing/all']);
  });
});
