import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { functionNames } from '../saga/choreography.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import type { LogClaims } from '../shared/ports/log-claims.ts';
import { dataFile, EMBEDDED, logInFile } from './engine.ts';
import { moveData } from './move-log.ts';
import { moduleOf } from './registry.ts';
import { readConfig } from './settings.ts';
import { type Part, startStore } from './start-store.ts';
import { openStoreLog } from './store-log.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };

let dataDir: string;
beforeEach(() => {
  claim.mockReset().mockResolvedValue();
  dataDir = mkdtempSync(join(tmpdir(), 'move-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const configOf = (log: string, prefix = '') =>
  readConfig({ ...ports, DATA_DIR: dataDir, ENABLE_AUTOMATION: 'true', LOG: log, KAFKA_TOPIC_PREFIX: prefix });

/** Whether every function has read everything. */
async function isRead(): Promise<boolean> {
  const { log } = await openStoreLog(configOf('embedded'), []);
  const lanes = await Promise.all(['order-events', 'inventory-events'].map((topic) => log.progress(topic)));
  await log.close();
  return lanes.flat().every(({ lag }) => lag === 0);
}

/** An order that was placed, and handled by all functions, or by order alone. */
async function order(orderId: string, here: readonly Part[]): Promise<void> {
  const store = await startStore(here, configOf('embedded'), silent);
  const lines = [{ productId: 'PRODUCT_001', quantity: 1, price: '1.00' }];
  const body = JSON.stringify({ orderId, customerId: 'C', items: lines });
  const headers = { 'content-type': 'application/json', prefer: 'wait=2' };
  const answer = await store.apps.get('order')?.request('/orders', { method: 'POST', headers, body });
  expect(answer?.status).toBeLessThan(300);
  if (here.length > 1) await vi.waitFor(async () => expect(await isRead()).toBe(true), { timeout: 5_000 });
  await store.stop();
}

/** What the data would move into holds nothing of another store. */
const noBroker: typeof openStoreLog = async (config, here) => ({
  ...(await openStoreLog({ ...config, LOG: 'embedded' }, here)),
  claims: { claim },
});
const claim = vi.fn<LogClaims['claim']>();

const logs = () => functionNames.map((name) => logInFile(dataFile(dataDir, name)));

/** Each starts stores. */
describe('the data of a store', { timeout: 30_000 }, () => {
  it('stay where they are while the settings name their log', async () => {
    await order('A', functionNames);

    expect([await moveData(configOf('embedded')), logs()]).toEqual([null, [EMBEDDED, EMBEDDED, EMBEDDED]]);
  });

  it('move to another log when everything was read', async () => {
    await order('A', functionNames);

    expect([
      await moveData(configOf('kafka', 'shop.'), noBroker),
      await moveData(configOf('kafka', 'shop.'), noBroker),
      logs(),
    ]).toEqual([EMBEDDED, null, ['kafka:shop.', 'kafka:shop.', 'kafka:shop.']]);
  });

  it('do not move into the log of another store', async () => {
    await order('A', functionNames);
    claim.mockRejectedValue(new Error('of another store'));

    await expect(moveData(configOf('kafka'), noBroker)).rejects.toThrow('of another store');
    expect(logs()).toEqual([EMBEDDED, EMBEDDED, EMBEDDED]);
  });

  it('do not move while messages are on their way, and the refusal names who lags', async () => {
    await order('A', functionNames);
    await order('B', ['order']);

    await expect(moveData(configOf('kafka'), noBroker)).rejects.toThrow(
      /^LOG: the data cannot move from the log embedded to kafka while messages are on their way: inventory has \d+ of order-events to read; notification has \d+ of order-events to read\. /,
    );
    expect(logs()).toEqual([EMBEDDED, EMBEDDED, EMBEDDED]);
  });

  it('do not move while a function that never ran has messages to read', async () => {
    await order('A', ['order']);

    await expect(moveData(configOf('kafka'), noBroker)).rejects.toThrow(
      'inventory has 1 of order-events to read; notification has 1 of order-events to read',
    );
  });

  it('go on moving where that was broken off half-way', async () => {
    await order('A', functionNames);
    const { name, tables, migrations } = moduleOf('order').create(configOf('embedded'));
    const file = dataFile(dataDir, 'order');
    const half = (to: string) => {
      const store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
      store.home.move(to);
      return store.close();
    };
    await half('kafka');

    expect([await moveData(configOf('kafka'), noBroker), logs()]).toEqual([EMBEDDED, ['kafka', 'kafka', 'kafka']]);
  });

  it('do not move while a function runs on them', async () => {
    const store = await startStore(['inventory'], configOf('embedded'), silent);

    await expect(moveData(configOf('kafka'), noBroker)).rejects.toThrow('inventory');
    await store.stop();
  });

  it('are not used by a function whose settings name another log', async () => {
    await order('A', functionNames);

    await moveData(configOf('kafka'), noBroker);

    await expect(startStore(['order'], configOf('embedded'), silent)).rejects.toThrow(
      'LOG: the messages of order are in the log kafka, and not in embedded',
    );
  });
});
