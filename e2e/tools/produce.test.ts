import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../functions/settings.ts';
import { createStoreLog } from '../../functions/store-log.ts';
import { produce } from './produce.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-produce-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const event = {
  specversion: '1.0',
  id: 'c-1',
  source: '/import',
  type: 'PlaceOrder',
  time: '2026-01-02T03:04:05.678Z',
  subject: 'ORDER_003',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { orderId: 'ORDER_003' },
};
let dataDirs = 0;

async function produceFrom(input: string, args: readonly string[] = ['order-commands', '-']) {
  dataDirs += 1;
  const dataDir = join(folder, `data-${dataDirs}`);
  const lines: string[] = [];
  const terminal = { env: { DATA_DIR: dataDir }, isTty: false, out: (text: string) => lines.push(text), err: () => 0 };
  await produce(args, terminal, async () => input);
  const log = createStoreLog(readConfig({ DATA_DIR: dataDir }), []);
  const wake = () => undefined;
  const subscription = await log.subscribe({ group: 'test', topics: ['order-commands'], positions: [], wake });
  const rows = (await subscription.poll(10)).map(
    ({ attributes: { id, source, type, subject, partitionkey, traceparent }, value }) => ({
      ...{ id, source, type, subject, partitionkey, traceparent },
      data: value,
    }),
  );
  await log.close();
  return { lines, rows };
}

const row = {
  id: 'c-1',
  source: '/import',
  type: 'PlaceOrder',
  subject: 'ORDER_003',
  partitionkey: 'ORDER_003',
  traceparent: event.traceparent,
  data: '{"orderId":"ORDER_003"}',
};

describe('produce', () => {
  it('appends one event', async () => {
    expect(await produceFrom(JSON.stringify(event))).toEqual({
      lines: ['1 message is on disk in order-commands.'],
      rows: [row],
    });
  });

  it('appends the events of an array in a file in their order', async () => {
    const file = join(folder, 'events.json');
    writeFileSync(file, JSON.stringify([event, { ...event, id: 'c-2' }]));

    expect(await produceFrom('', ['order-commands', file])).toEqual({
      lines: ['2 messages are on disk in order-commands.'],
      rows: [row, { ...row, id: 'c-2' }],
    });
  });

  it.each([
    ['an unknown topic', ['orders', '-'], '{}', 'there is no topic orders; public topics: order-commands'],
    ['a topic of a function', ['order-events', '-'], '{}', 'only its own function writes to order-events'],
    ['text that is not JSON', ['order-commands', '-'], '{', 'This is not JSON: '],
    ['a missing file', ['order-commands', join(folder, 'none.json')], '', 'none.json cannot be read: ENOENT'],
    ['a missing attribute', ['order-commands', '-'], JSON.stringify({ ...event, id: undefined }), '/id Invalid input'],
    ['a missing body', ['order-commands', '-'], JSON.stringify({ ...event, data: undefined }), '/data must be there'],
    ['an invalid event among others', ['order-commands', '-'], JSON.stringify([event, 7]), '/1 Invalid input'],
    ['an empty array', ['order-commands', '-'], '[]', '/ Too small'],
  ])('refuses %s and writes nothing', async (_, args, input, message) => {
    await expect(produceFrom(input, args)).rejects.toThrow(message);

    expect(readdirSync(folder)).not.toContain(`data-${dataDirs}`);
  });
});
