/**
 * Messages that cannot be handled become dead letters; operators list and resolve them over HTTP and with the program.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import type {
  DeadLetterBody,
  DeadLetterSummaryBody,
  GroupBody,
  ReplayedBody,
  ResolvedBody,
} from '../../shared/runtime/dead-letters/schemas.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, type Problem, post, request } from './client.ts';
import { type Exit, hosts, run, TestStore, temporaryFolder } from './harness.ts';

const by = { who: 'ann', reason: 'it is not needed' };
const path = '/operations/order/dead-letters';

function commandOf(orderId: string, changes: object = {}, quantity = 1) {
  const lines = [{ productId: 'PRODUCT_001', quantity, priceMinor: 1000 }];
  const data = { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', lines };
  const time = '2026-01-02T03:04:05.678Z';
  return { id: `c-${orderId}`, source: '/import', type: 'PlaceOrder', time, subject: orderId, data, ...changes };
}

/** Appends commands from outside, with the program that does it. */
async function produce(store: TestStore, ...commands: readonly object[]): Promise<void> {
  const file = join(temporaryFolder(), 'commands.json');
  writeFileSync(file, JSON.stringify(commands));
  const program = run('dist/e2e/tools/produce.js', ['order-commands', file], store.env);
  expect(await program.exit).toEqual({ code: 0, signal: null });
}

async function deadLetters(store: TestStore, ...args: readonly string[]): Promise<Exit & { out: string; err: string }> {
  const program = run('dist/e2e/tools/dead-letters.js', args, store.env);
  const exit = await program.exit;
  return { ...exit, out: program.stdout(), err: program.stderr() };
}

async function open(store: TestStore, count: number): Promise<readonly DeadLetterSummaryBody[]> {
  let found: readonly DeadLetterSummaryBody[] = [];
  const areThere = async () => {
    found = (await get<{ letters: DeadLetterSummaryBody[] }>(store.url(path))).letters;
    return found.length === count;
  };
  await waitUntil(areThere, { what: `${count} dead letters` });
  return found;
}

/** A newer version, an unknown type, an invalid order, and a message with a forged source. */
async function withDeadLetters(store: TestStore): Promise<readonly DeadLetterSummaryBody[]> {
  await produce(
    store,
    commandOf('NEWER', { schemaversion: 9 }),
    commandOf('UNKNOWN', { type: 'Nonsense' }),
    commandOf('BROKEN', {}, 0),
    commandOf('FORGED', { source: '/inventory', type: 'StockReserved' }),
  );
  return open(store, 4);
}

describe.each(hosts)('the dead letters of a store in %s', (host) => {
  it('are listed, shown, dry-run and resolved at the gateway as at the function', async () => {
    const store = await TestStore.start(host);
    const found = await withDeadLetters(store);
    const [newer, unknown, broken, forged] = found.map(({ letter }) => `${path}/${letter}`);
    const data = commandOf('BROKEN').data;

    const { groups } = await get<{ groups: GroupBody[] }>(store.url('/operations/dead-letters/groups'));
    const whole = await get<DeadLetterBody>(store.url(broken ?? '', 'order'));
    const dry = bodyOf<ResolvedBody>(await post(store.url(`${broken}/edit`), { ...by, data, dryRun: true }));
    const nothing = await request('GET', store.url('/orders/BROKEN'));
    const edited = bodyOf<ResolvedBody>(await post(store.url(`${broken}/edit`), { ...by, data }));
    const refused = await post(store.url(`${forged}/replay`), by);
    const discarded = await Promise.all([newer, unknown, forged].map((one) => post(store.url(`${one}/discard`), by)));

    expect(found.map(({ code }) => code)).toEqual(['newer_version', 'unknown_type', 'unreadable', 'not_allowed']);
    expect(groups.map(({ function: name, count }) => [name, count])).toEqual(Array(4).fill(['order', 1]));
    expect(whole).toMatchObject({ status: 'open', behind: 0, decisions: [], attributes: { id: 'c-BROKEN' } });
    expect(dry.diff).toEqual([{ pointer: '/lines/0/quantity', before: 0, after: 1 }]);
    expect(dry.foreseen).toMatchObject({ outcome: 'handled', error: null, events: [{ type: 'OrderPlaced' }] });
    expect([nothing.status, edited.letter.status]).toEqual([404, 'edited']);
    expect([refused.status, bodyOf<Problem>(refused).code]).toEqual([409, 'conflict']);
    expect(discarded.map(({ status }) => status)).toEqual([200, 200, 200]);
    await waitUntil(async () => (await get<OrderBody>(store.url('/orders/BROKEN'))).status === 'confirmed');
    await open(store, 0);
    await store.settle();
  });

  it('stay resolved when the message is delivered again and after the store was killed', async () => {
    const store = await TestStore.start(host);
    const [newer, , broken] = await withDeadLetters(store);
    await post(store.url(`${path}/${broken?.letter}/discard`), by);
    await post(store.url(`${path}/${newer?.letter}/discard`), by);
    await store.kill('order');
    await store.start(host !== 'a process each' ? undefined : ['order']);
    await produce(store, commandOf('NEWER'));
    await store.settle();

    const rest = await open(store, 3);
    const orders = await get<{ orders: OrderBody[] }>(store.url('/orders'));
    expect(rest.map(({ code }) => code)).toEqual(['unknown_type', 'not_allowed', 'id_reused']);
    expect(orders.orders).toEqual([]);
  });
});

describe('the program for dead letters', () => {
  it('lists, shows, dry-runs, and resolves with --yes', async () => {
    const store = await TestStore.start('one process');
    const found = await withDeadLetters(store);
    const ids = found.map(({ letter }) => letter);
    const [, unknown = '', broken = ''] = ids;
    const data = JSON.stringify(commandOf('BROKEN').data);

    const list = await deadLetters(store, 'list');
    const json = await deadLetters(store, 'list', '--json', '--code', 'unreadable');
    const show = await deadLetters(store, 'show', broken);
    const replay = await deadLetters(store, 'replay', unknown);
    const all = await deadLetters(store, 'replay', '--all', '--function', 'order');
    const dry = await deadLetters(store, 'edit', broken, '--data', data);
    const untouched = await open(store, 4);
    const unsigned = await deadLetters(store, 'edit', broken, '--data', data, '--yes');
    const edited = await deadLetters(
      store,
      'edit',
      broken,
      '--data',
      data,
      '--yes',
      '--reason',
      'a typo',
      '--who',
      'bob',
    );
    const discarded = await deadLetters(store, 'discard', unknown, '--yes', '--reason', 'no use');

    expect(ids.filter((id) => !list.out.includes(id))).toEqual([]);
    expect((JSON.parse(json.out) as { letters: DeadLetterSummaryBody[] }).letters.map(({ letter }) => letter)).toEqual([
      broken,
    ]);
    expect(show.out).toContain('unreadable');
    expect([replay.code, replay.err]).toEqual([1, expect.stringContaining('no message type Nonsense')]);
    expect(all.out).toContain('order: 4 dead letters would be replayed, the first in batches of 1, 2, 1');
    expect(dry.out).toContain('− /lines/0/quantity 0\n+ /lines/0/quantity 1\nIt would be handled');
    expect(dry.out).toContain('This was a dry run: nothing has changed. To do it, add --yes and --reason.');
    expect(untouched.map(({ letter }) => letter)).toEqual(ids);
    expect([unsigned.code, unsigned.err]).toEqual([2, expect.stringContaining('--reason is needed')]);
    expect([edited.code, edited.out]).toEqual([0, expect.stringContaining('is edited')]);
    expect([discarded.code, discarded.out]).toEqual([0, expect.stringContaining('is discarded')]);
    expect((await get<DeadLetterBody>(store.url(`${path}/${broken}`))).decisions).toMatchObject([{ who: 'bob' }]);
    await store.settle();
  });

  it('sends the token that the store requires, and fails without one', async () => {
    const store = await TestStore.start('a process each', { OPERATIONS_TOKEN: 'open-sesame', NODE_ENV: 'production' });
    await withToken(store, 'open-sesame');
    const without = run('dist/e2e/tools/dead-letters.js', ['list'], { ...store.env, OPERATIONS_TOKEN: '' });
    const exit = await without.exit;
    const groups = await request('GET', store.url('/operations/dead-letters/groups'));
    const replayed = await post(store.url(`${path}/replay`), by, { headers: { authorization: 'Bearer open-sesame' } });

    expect([exit.code, without.stderr()]).toEqual([1, expect.stringContaining('Set OPERATIONS_TOKEN')]);
    expect(groups.status).toBe(401);
    expect([replayed.status, bodyOf<ReplayedBody>(replayed).left]).toEqual([200, 0]);
    const parts = ['gateway', 'order', 'inventory', 'notification'] as const;
    expect(parts.filter((part) => store.program(part).stdout().includes('open-sesame'))).toEqual([]);
  });

  it('runs under its former name, which says the new one on stderr', () => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'letters', '--', '--help'], { encoding: 'utf8' });

    expect([status, stdout, stderr]).toEqual([
      0,
      expect.stringContaining('Usage: dead-letters'),
      'letters is now called dead-letters, and the next release has only that name\n',
    ]);
  });

  it('finds no routes in a production store without a token', async () => {
    const store = await TestStore.start('one process', { NODE_ENV: 'production' });

    expect((await request('GET', store.url(path))).status).toBe(404);
    expect(JSON.stringify(await get(store.url('/openapi.json')))).not.toContain('/operations/');
  });
});

async function withToken(store: TestStore, token: string): Promise<void> {
  const list = await deadLetters(store, 'list');
  expect([list.code, list.out]).toEqual([0, 'No dead letters.\n']);
  const answer = await request('GET', store.url('/operations/inventory/dead-letters'), {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(200);
}
