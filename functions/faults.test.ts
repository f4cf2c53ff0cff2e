/** Faults of a whole store, as a caller of the gateway sees them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitUntil } from '../e2e/tools/wait-until.ts';
import type { AllFaultsBody } from '../shared/runtime/worker/fault-representation.ts';
import { logLines } from '../shared/testing/log-lines.ts';
import { readConfig } from './settings.ts';
import { parts, startStore } from './start-store.ts';

async function storeWith(env: Readonly<Record<string, string>> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'saga-store-faults-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const ports = Object.fromEntries(parts.map((part) => [`${part.toUpperCase()}_PORT`, '0']));
  const config = readConfig({ ...ports, DATA_DIR: dataDir, ENABLE_AUTOMATION: 'true', ...env });
  const crashed: string[] = [];
  const crash = { takes: [...parts], restarts: true, start: () => void crashed.push('this process') };
  const { urls, stop } = await startStore(parts, config, logLines().logger, { crash });
  onTestFinished(stop);
  const ask = async (method: string, path: string, body?: object) => {
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(urls.get('gateway') + path, { method, ...(body === undefined ? {} : json) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
  return { ask, crashes: () => crashed.length };
}

const order = {
  orderId: 'ORDER_001',
  customerId: 'CUSTOMER_001',
  items: [{ productId: 'PRODUCT_001', quantity: 1, price: 1 }],
};
const inventory = '/automation-testing/faults/inventory';

describe('inventory that is away', () => {
  it('lets orders be placed and wait, says so, and confirms them when it is healed', async () => {
    const { ask } = await storeWith();

    const sent = await ask('PUT', inventory, { away: true, forS: 600 });
    const placed = await ask('POST', '/orders', order);
    const stock = await ask('GET', '/stock');
    const why = await ask('GET', '/orders/ORDER_001/why');
    const meanwhile = await ask('GET', '/orders/ORDER_001');
    const ready = await ask('GET', '/automation-testing/ready');
    await ask('DELETE', inventory);
    await waitUntil(async () => (await ask('GET', '/orders/ORDER_001')).body.status === 'confirmed');

    expect([sent.status, sent.body.away, placed.status]).toEqual([200, true, 202]);
    expect([stock.status, stock.body.detail]).toEqual([503, expect.stringContaining('inventory is away until')]);
    expect(Number(stock.headers.get('retry-after'))).toBeGreaterThan(500);
    expect([meanwhile.body.status, ready.status]).toEqual(['placed', 503]);
    expect(why.body.waits).toContainEqual(expect.objectContaining({ at: 'inventory', kind: 'unavailable' }));
  });
});

it('the faults of all functions are listed and healed together', async () => {
  const { ask } = await storeWith();
  await ask('PUT', inventory, { away: true });
  await ask('PUT', '/automation-testing/faults/order', { clockShiftMs: 5_000 });

  const listed = (await ask('GET', '/automation-testing/faults')).body as AllFaultsBody;
  const healed = (await ask('DELETE', '/automation-testing/faults')).body as AllFaultsBody;

  const shown = ({ functions }: AllFaultsBody) =>
    functions.map(({ function: name, faults }) => [name, faults?.away, faults?.clockShiftMs]);
  expect(shown(listed)).toEqual([
    ['order', false, 5_000],
    ['inventory', true, 0],
    ['notification', false, 0],
  ]);
  expect(shown(healed)).toEqual(['order', 'inventory', 'notification'].map((name) => [name, false, 0]));
  expect((await ask('GET', '/stock')).status).toBe(200);
});

it('a crash is asked for at the gateway, by the name of a function', async () => {
  const { ask, crashes } = await storeWith();

  const crashed = await ask('POST', '/automation-testing/crash/notification');
  const unknown = await ask('POST', '/automation-testing/crash/payroll');

  expect([crashed.status, crashed.body]).toEqual([202, { takes: [...parts], restarts: true }]);
  expect([unknown.status, crashes()]).toEqual([404, 1]);
});

it.each([
  ['in production', { NODE_ENV: 'production' }],
  ['without test automation', { ENABLE_AUTOMATION: 'false' }],
])('%s nothing of it is there', async (_, env) => {
  const { ask, crashes } = await storeWith(env);

  const asked = [
    await ask('GET', '/automation-testing/faults'),
    await ask('DELETE', '/automation-testing/faults'),
    await ask('GET', inventory),
    await ask('PUT', inventory, { away: true }),
    await ask('POST', '/automation-testing/crash/order'),
    await ask('GET', '/automation-testing/load'),
    await ask('POST', '/automation-testing/load', { ordersPerSecond: 1, forS: 1 }),
  ];

  expect([asked.map(({ status }) => status), crashes()]).toEqual([Array(7).fill(404), 0]);
});
