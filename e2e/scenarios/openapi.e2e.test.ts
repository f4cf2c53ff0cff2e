/**
 * The store does what its OpenAPI document says: whatever the document allows or forbids is sent to every operation, and
 * each answer is compared with it. Another `OPENAPI_SEED` sends other requests.
 */

import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createGateway } from '../../functions/gateway/http.ts';
import { localUpstream } from '../../functions/gateway/upstream.ts';
import { readConfig } from '../../functions/settings.ts';
import { parts, startStore } from '../../functions/start-store.ts';
import { storeDescription } from '../../functions/store-description.ts';
import { functionNames } from '../../saga/choreography.ts';
import { operationsAccess } from '../../shared/runtime/http/operator-auth.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import type { ApiAnswer } from '../openapi/answers.ts';
import { OpenapiCheck } from '../openapi/check.ts';
import { type Document, type Endpoint, endpointsOf } from '../openapi/document.ts';
import type { ApiRequest } from '../openapi/requests.ts';
import { get, orderOf, post, request } from './client.ts';
import { afterAllTests, run, TestStore, temporaryFolder } from './harness.ts';

const SEED = Number(process.env['OPENAPI_SEED'] ?? 1);
/** Requests to each operation, and for each constraint. */
const ALLOWED = 12;
const FORBIDDEN = 2;
const ROUNDS = 3;
/** So many when some operation has not succeeded by chance. */
const ROUNDS_MAX = 12;
const LETTERS = 60;
/** Those of HTTP, and one of WebDAV. */
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'];
/** Fields with rules that no schema can say: an opaque cursor; sums and digits of amounts; data of a type of message. */
const BEYOND_SCHEMAS = [/ \/cursor$/, /^POST \/orders \/(?:orderId|items|items\/0\/price|total\w+)$/, /\/edit \/data/];
/** Pages for people and their files, and former paths that redirect for one more release: no operations. */
/** Operations that break the store, or flood it: one request of each is chosen. Crashes are tested in `crash.e2e.test.ts`. */
const CHOSEN = ['POST /automation-testing/load', 'PUT /automation-testing/faults/{function}'];
const CRASH = 'POST /automation-testing/crash/{function}';
const NO_OPERATIONS = /^\/$|^\/docs\/|^\/operations\/letters\//;

/** No connection is closed as idle while a request is sent on it. */
const SETTINGS = { RETRY_BUG_ATTEMPTS: '1', HTTP_KEEP_ALIVE_MS: '600000' };

const agent = new Agent({ keepAlive: true });
const atEnd = afterAllTests();
atEnd(() => agent.destroy());
let store: TestStore;
let document: Document;
let check: OpenapiCheck;

beforeAll(async () => {
  console.log(`OPENAPI_SEED=${SEED} sends these requests again`);
  store = await TestStore.create('one process', SETTINGS, atEnd);
  await store.start();
  await fill();
  document = await get<Document>(store.url('/openapi.json'));
  check = new OpenapiCheck(
    document,
    (server, each) => send(server.startsWith('/') || server === '' ? store.url(server) : server, each),
    SEED,
  );
});

/** Orders in several statuses, a queue, dead letters that can be resolved, and notices that have failed. */
async function fill(): Promise<void> {
  const faults = (calls: object | null) => post(store.url('/automation-testing/faults', 'notification'), { calls });
  await faults({ share: 1, as: 'terminal' });
  await request('PUT', store.url('/stock/PRODUCT_002/policy'), {
    headers: { 'content-type': 'application/json' },
    body: '{"whenShort":"wait"}',
  });
  await post(store.url('/orders'), orderOf('FIRST'), { headers: { prefer: 'wait=20' } });
  for (let n = 2; n < 6; n++) await post(store.url('/orders'), orderOf(`NEXT-${n}`, n, 'PRODUCT_002'));
  await store.settle();
  await faults(null);
  const file = join(temporaryFolder(atEnd), 'events.json');
  const events = Array.from({ length: LETTERS / 2 }, (_, n) => [
    // Names an order that can be cancelled; what is wrong with it is no message any more.
    eventOf(`unreadable-${n}`, 'PlaceOrder', { orderId: `NEXT-${2 + (n % 4)}`, lines: n }),
    // Can be replayed and edited.
    eventOf(`refused-${n}`, 'DispatchOrder', { orderId: `GONE-${n}` }),
  ]).flat();
  writeFileSync(file, JSON.stringify(events));
  const produced = run('dist/e2e/tools/produce.js', ['order-commands', file], { DATA_DIR: store.dataDir });
  expect([(await produced.exit).code, produced.stderr()]).toEqual([0, '']);
  await store.settle();
}

function eventOf(id: string, type: string, data: { readonly orderId: string; readonly [name: string]: unknown }) {
  return { id, source: '/import', type, subject: data.orderId, data };
}

/** Requests that succeed where chance seldom does: an edit with data about the order of its dead letter, a notice that failed. */
async function certainOnes(): Promise<string[]> {
  const { letters } = await get<{ letters: { letter: string; attributes: { subject: string } }[] }>(
    store.url('/operations/order/dead-letters?code=refused&limit=1'),
  );
  const { notifications } = await get<{ notifications: { notificationId: string }[] }>(
    store.url('/notifications?status=failed&limit=1'),
  );
  const dry = async (template: string, id: string | undefined, fields: object) =>
    check.one(`POST ${template}`, {
      method: 'POST',
      target: template.replace('{function}', 'order').replace(/\{\w+\}/, id ?? ''),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ who: 'ann', reason: 'a test', dryRun: true, ...fields }),
    });
  const ask = async (name: string, target: string, body?: object) =>
    check.one(name, {
      method: name.split(' ', 1)[0] ?? '',
      target,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const replays = '/operations/{function}/replays';
  const ofOrder = replays.replace('{function}', 'order');
  const began = await ask(`POST ${replays}`, ofOrder, { who: 'ann', reason: 'a test', code: 'late' });
  const { replays: known } = await get<{ replays: { replay: string }[] }>(store.url(ofOrder));
  const [letter] = letters;
  const data = { orderId: letter?.attributes.subject };
  return [
    ...began,
    ...(await ask(`GET ${replays}/{replay}`, `${ofOrder}/${known[0]?.replay}`)),
    ...(await ask(`DELETE ${replays}/{replay}`, `${ofOrder}/${known[0]?.replay}`)),
    ...(await ask(CHOSEN[0] ?? '', '/automation-testing/load', { ordersPerSecond: 1, forS: 1 })),
    ...(await ask(CHOSEN[1] ?? '', '/automation-testing/faults/order', { noRoom: false })),
    ...(await dry('/operations/{function}/dead-letters/{letter}/edit', letter?.letter, { data })),
    ...(await dry(
      '/operations/notification/notices/{notificationId}/send-again',
      notifications[0]?.notificationId,
      {},
    )),
  ];
}

/** One request. Of a stream only its beginning is read. */
function send(server: string, { method, target, headers, body }: ApiRequest): Promise<ApiAnswer> {
  const { hostname, port } = new URL(server);
  const length: Record<string, number> = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { hostname, port, path: target, method, headers: { ...length, ...headers }, agent, timeout: 60_000 },
      (incoming) => {
        const chunks: Buffer[] = [];
        const end = () => {
          const named = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
          const text = Buffer.concat(chunks).toString();
          resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(named), text });
        };
        incoming.once('end', end).on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if (incoming.headers['content-type'] !== 'text/event-stream') return;
          end();
          outgoing.destroy();
        });
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${target}`)));
    outgoing.once('error', reject).end(body);
  });
}

/** In an order in which each finds what it needs: reads, changes, what only functions answer, and at last what removes all. */
function inOrder(): readonly Endpoint[] {
  const rank = ({ method, servers, path }: Endpoint) =>
    (method === 'GET' ? 0 : 1) + (method === 'DELETE' ? 4 : 0) + (servers.length > 1 ? 2 : 0) + (heals(path) ? 0 : 0.5);
  return [...endpointsOf(document)].sort((one, other) => rank(one) - rank(other));
}

/** Faults are healed before all data are removed, which no function does that is away. */
function heals(path: string): boolean {
  return path === '/automation-testing/faults';
}

function stillToSucceed(endpoints: readonly Endpoint[]): boolean {
  const without = check.withoutSuccess();
  return endpoints.some(({ name }) => without.includes(name));
}

async function each(ask: (endpoint: Endpoint) => Promise<readonly string[]>, endpoints = inOrder()) {
  const found: string[] = [];
  for (const endpoint of endpoints) found.push(...(await ask(endpoint)));
  return found;
}

describe('the OpenAPI document', () => {
  it('declares every method of its paths: any other is refused with 405, and Allow names those', async () => {
    const found: string[] = [];
    for (const path of Object.keys(document.paths)) found.push(...(await check.otherMethods(path, METHODS)));

    expect(found).toEqual([]);
  });

  it('forbids what is refused, each time with a problem that it declares', async () => {
    expect(await each((endpoint) => check.forbidden(endpoint, FORBIDDEN))).toEqual([]);
  });

  it('declares every answer to what it allows, and each operation can succeed', async () => {
    const isRepeatable = ({ method, servers }: Endpoint) => method !== 'DELETE' && servers.length === 1;
    const all = inOrder().filter(({ name }) => name !== CRASH && !CHOSEN.includes(name));
    const repeatable = all.filter(isRepeatable);
    const found = await certainOnes();
    for (let round = 0; round < ROUNDS || (round < ROUNDS_MAX && stillToSucceed(repeatable)); round++) {
      // Also backwards: what one operation uses up, another one needs.
      const order = round % 2 === 0 ? repeatable : repeatable.toReversed();
      found.push(...(await each((endpoint) => check.allowed(endpoint, ALLOWED), order)));
    }
    const last = all.filter((endpoint) => !isRepeatable(endpoint));
    found.push(...(await each((endpoint) => check.allowed(endpoint, ALLOWED), last)));

    expect(check.refusedFields().filter((field) => !BEYOND_SCHEMAS.some((rule) => rule.test(field)))).toEqual([]);
    const failing = check.withoutSuccess().filter((name) => name !== CRASH);
    expect([...found, ...failing.map((name) => `${name} has never succeeded`)]).toEqual([]);
  });
});

describe('the router', () => {
  it('has every path of the document, and the document every path of the router', async () => {
    const routed = await pathsOfApps();

    expect(Object.keys(document.paths).filter((path) => !routed.has(path))).toEqual([]);
    expect([...routed].filter((path) => document.paths[path] === undefined)).toEqual([]);
  });
});

/** The paths of all apps as the document writes them; those that forward or guard a whole part of the API are none. */
async function pathsOfApps(): Promise<ReadonlySet<string>> {
  const folder = temporaryFolder();
  const ports = Object.fromEntries(parts.map((part) => [`${part.toUpperCase()}_PORT`, '0']));
  const config = readConfig({ ...ports, DATA_DIR: folder, ENABLE_AUTOMATION: 'true' });
  const { logger } = logLines();
  const started = await startStore(functionNames, config, logger);
  onTestFinished(() => started.stop());
  const upstreams = [...started.apps].map(([name, app]) => localUpstream(name, app));
  const owners = { orders: 'order', stock: 'inventory', notifications: 'notification' };
  const gateway = createGateway({
    upstreams,
    owners,
    automation: true,
    allowsFaults: true,
    operations: { access: operationsAccess(config), store: storeDescription(config) },
    openapi: () => ({}),
    logger,
  });
  const routes = [gateway, ...started.apps.values()].flatMap((app) => app.routes.map(({ path }) => path));
  const own = routes.filter((path) => !path.includes('*') && !NO_OPERATIONS.test(path));
  return new Set(own.map((path) => path.replaceAll(/:(\w+)/g, '{$1}')));
}
