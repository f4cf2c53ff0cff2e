import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { MessageLog } from '../shared/ports/message-log.ts';
import { logLines } from '../shared/testing/log-lines.ts';
import { type TwiceMode, twice } from '../shared/testing/twice.ts';
import { readConfig } from './settings.ts';
import { parts, startStore } from './start-store.ts';

/** More than there is in stock: ten of the first product and fifteen of the second. */
const orders = Array.from({ length: 30 }, (_, index) => {
  const items = [
    { productId: index % 7 === 6 ? 'PRODUCT_999' : `PRODUCT_00${(index % 2) + 1}`, quantity: 1, price: 10 },
  ];
  if (index % 5 === 0) items.push({ productId: 'PRODUCT_002', quantity: 2, price: 5 });
  return { orderId: `ORDER_${String(index).padStart(3, '0')}`, customerId: `CUSTOMER_${index % 3}`, items };
});

/** What comes to those two when everything is sold: they wait, one is cancelled, and one unit comes for the other. */
const lateOrders = ['LATE_1', 'LATE_2'].map((orderId) => ({
  orderId,
  customerId: 'CUSTOMER_0',
  items: [{ productId: 'PRODUCT_001', quantity: 1, price: 10 }],
}));
/** Each of the late orders is placed and waits; then one is cancelled and the other confirmed. */
const NOTICES = orders.length * 2 + lateOrders.length * 3;

interface OrderBody {
  readonly orderId: string;
  readonly status: string;
  readonly reason: { readonly code: string; readonly productIds: readonly string[] } | null;
  readonly version: number;
}
interface NoticeBody {
  readonly orderId: string;
  readonly fact: string;
  readonly text: string;
  readonly status: string;
}
interface StockBody {
  readonly productId: string;
  readonly reserved: number;
  readonly sold: number;
}

/** How the store stands when every order has ended, and how many messages it has recognized as duplicates. */
async function endOf(mode: TwiceMode | null) {
  const folder = mkdtempSync(join(tmpdir(), 'saga-twice-'));
  const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
  const config = readConfig({ ...ports, DATA_DIR: folder, ENABLE_AUTOMATION: 'true' });
  const wrapLog = (log: MessageLog) => (mode === null ? log : twice(log, mode));
  const store = await startStore(parts, config, logLines().logger, { wrapLog });
  const gateway = store.urls.get('gateway');
  const get = async <Body>(path: string): Promise<Body> => (await fetch(`${gateway}${path}`)).json() as Promise<Body>;
  const send = (method: string, path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${gateway}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  try {
    for (const body of orders) await send('POST', '/orders', body, { prefer: 'wait=10' });
    await send('PUT', '/stock/PRODUCT_001/policy', { whenShort: 'wait' });
    for (const body of lateOrders) {
      await send('POST', '/orders', body);
      await vi.waitFor(async () =>
        expect((await get<OrderBody>(`/orders/${body.orderId}`)).status).toBe('backordered'),
      );
    }
    await send('POST', '/orders/LATE_1/cancel', { reason: 'too slow' });
    await send('POST', '/stock/PRODUCT_001/receipts', { quantity: 1 });
    await send('POST', '/stock/PRODUCT_002/corrections', { quantity: -1, reason: 'broken' });
    const notices = () => get<{ notifications: readonly NoticeBody[] }>('/notifications?limit=200');
    await vi.waitFor(async () => {
      const { notifications } = await notices();
      const stock = await get<{ stock: readonly StockBody[] }>('/stock');
      const open = stock.stock.reduce((sum, { reserved }) => sum + reserved, 0);
      expect([notifications.filter(({ status }) => status === 'sent').length, open]).toEqual([NOTICES, 0]);
    }, 5_000);
    const placed = await get<{ orders: readonly OrderBody[] }>('/orders?limit=200');
    const told = (await notices()).notifications.map(({ orderId, fact, text }) => `${orderId} ${fact} ${text}`);
    return {
      end: {
        orders: placed.orders.map(({ orderId, status, reason, version }) => ({ orderId, status, reason, version })),
        stock: await get('/stock'),
        notices: told.sort(),
      },
      duplicates: await countDuplicates([...store.urls.values()]),
    };
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true });
  }
}

async function countDuplicates(urls: readonly string[]): Promise<number> {
  const texts = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const lines = texts.flatMap((text) => text.match(/^saga_messages_total\{.*outcome="duplicate".*\} \d+$/gm) ?? []);
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('a store whose log delivers each message twice', () => {
  it('ends as it does when each message comes once', async () => {
    const once = await endOf(null);
    const statuses = new Set(once.end.orders.map(({ status, reason }) => `${status} ${reason?.code ?? ''}`.trim()));
    expect([once.end.orders.length, once.duplicates, statuses]).toEqual([
      orders.length + lateOrders.length,
      0,
      new Set(['confirmed', 'rejected out_of_stock', 'rejected unknown_product', 'cancelled cancelled']),
    ]);

    for (const mode of ['at once', 'later'] as const) {
      const doubled = await endOf(mode);

      expect(doubled.end).toEqual(once.end);
      expect(doubled.duplicates).toBeGreaterThan(orders.length);
    }
  }, 30_000);
});
