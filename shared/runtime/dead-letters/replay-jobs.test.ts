import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterBench } from '../../testing/dead-letter-bench.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count } from '../../testing/probe.ts';
import { type App, createApp } from '../http/app.ts';
import type { ReplayJobBody, ReplayJobsBody } from './replay-schemas.ts';
import { addDeadLetterRoutes } from './routes.ts';

const path = '/operations/probe/replays';
const by = { who: 'ann', reason: 'it is fixed' };
const bug = new TypeError('undefined is not a function');
let bench: DeadLetterBench;
let app: App;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
  app = createApp(logLines().logger);
  addDeadLetterRoutes(app, bench.scope());
});
afterEach(() => bench.close());

/** Makes dead letters, each with its own key. Returns the message ids, the oldest first. */
async function dead(total: number): Promise<readonly string[]> {
  const messages = Array.from({ length: total }, (_, name) => count(`k${name}`, 1));
  for (const { id } of messages) bench.failures.set(id, bug);
  await bench.exhaust(...messages);
  return (await bench.deadLetters()).map(({ attributes }) => String(attributes['id']));
}

async function ask<Body = ReplayJobBody>(method: string, url: string, body?: object) {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await app.request(url, { method, ...(body === undefined ? {} : json) });
  return { status: response.status, location: response.headers.get('location'), body: (await response.json()) as Body };
}

/** Reads a replay until this holds, at most for as long as a test may take. */
async function until(url: string, holds: (replay: ReplayJobBody) => boolean): Promise<ReplayJobBody> {
  for (;;) {
    const { body } = await ask('GET', url);
    if (holds(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const hasEnded = ({ endedAt }: ReplayJobBody) => endedAt !== null;

describe('a bulk replay that runs by itself', () => {
  it('is answered at once with where it is, and tells its batches until it is done', async () => {
    await dead(10);
    bench.failures.clear();

    const started = await ask('POST', path, by);
    bench.worker.start();
    const ended = await until(started.location ?? '', hasEnded);

    expect([started.status, started.location]).toEqual([202, `${path}/${started.body.replay}`]);
    expect(started.body).toMatchObject({ function: 'probe', state: 'running', ...by, filter: {}, left: 10 });
    expect(started.body.planned).toEqual([1, 2, 5, 2]);
    expect(started.body._links).toMatchObject({ self: { href: started.location }, stop: { method: 'DELETE' } });
    expect(ended).toMatchObject({ state: 'done', replayed: 10, passed: 10, failed: 0, stopped: null, left: 0 });
    expect(ended.waves).toEqual([1, 2, 5, 2].map((letters) => ({ letters, passed: letters, failed: 0, waiting: 0 })));
    expect(Object.keys(ended._links)).toEqual(['self']);
  });

  it('shows a batch while it is under way, and refuses another replay of any kind until it is over', async () => {
    await dead(3);
    bench.failures.clear();
    // The loop does not run, so what is replayed waits.
    const { location, body } = await ask('POST', path, by);

    const waiting = await until(location ?? '', ({ waves }) => waves[0]?.waiting === 1);
    const others = await Promise.all([ask('POST', path, by), ask('POST', '/operations/probe/dead-letters/replay', by)]);
    bench.worker.start();
    await until(location ?? '', hasEnded);
    const next = await ask('POST', path, { ...by, code: 'failed', max: 5 });

    expect(waiting).toMatchObject({ state: 'running', replayed: 1, waves: [{ letters: 1, passed: 0, waiting: 1 }] });
    expect(others.map(({ status }) => status)).toEqual([409, 409]);
    expect([next.status, next.body.filter]).toEqual([202, { code: 'failed' }]);
    await until(next.location ?? '', hasEnded);
    const { replays } = (await ask<ReplayJobsBody>('GET', path)).body;
    expect(replays.map(({ replay }) => replay)).toEqual([next.body.replay, body.replay]);
  });

  it('stops at the first failure that recurs, and says which', async () => {
    await dead(4);
    bench.worker.start();

    const { location } = await ask('POST', path, by);
    const ended = await until(location ?? '', hasEnded);

    expect(ended).toMatchObject({
      state: 'stopped',
      replayed: 1,
      failed: 1,
      left: 4,
      waves: [{ letters: 1, failed: 1 }],
    });
    expect(ended.stopped).toMatch(/^dead letter [0-9a-f]{12} failed as before: TypeError/);
  });

  it('is stopped by DELETE: what is replayed already is waited for, and the rest stays open', async () => {
    await dead(8);
    bench.failures.clear();
    const { location } = await ask('POST', path, by);
    await until(location ?? '', ({ replayed }) => replayed === 1);

    const stopping = await ask('DELETE', location ?? '');
    bench.worker.start();
    const ended = await until(location ?? '', hasEnded);
    const again = await ask('DELETE', location ?? '');

    expect([stopping.status, stopping.body.state]).toEqual([200, 'stopping']);
    expect(ended).toMatchObject({
      state: 'stopped',
      stopped: 'an operator has stopped it',
      replayed: 1,
      passed: 1,
      left: 7,
    });
    expect(again.body).toEqual(ended);
    expect(await bench.statuses()).toEqual(['replayed', ...Array(7).fill('open')]);
  });

  it('ends when the function stops, and leaves the rest open', async () => {
    await dead(3);
    bench.failures.clear();
    const { location } = await ask('POST', path, by);

    bench.stopping.abort();
    const ended = await until(location ?? '', hasEnded);

    expect(ended).toMatchObject({ state: 'stopped', stopped: 'probe is stopping' });
  });

  it('tells why it cannot go on when the store fails, and lets another one begin', async () => {
    await dead(3);
    const { location } = await ask('POST', path, by);
    const find = bench.store.find.bind(bench.store);
    bench.store.find = () => Promise.reject(new Error('the disk is gone'));
    const ended = await until(location ?? '', hasEnded);
    bench.store.find = find;

    expect(ended).toMatchObject({ state: 'stopped', stopped: 'it failed: the disk is gone' });
    expect((await ask('POST', path, by)).status).toBe(202);
  });

  it('is remembered until 20 others have begun', async () => {
    const urls = [];
    for (let n = 0; n < 21; n++) {
      const { location } = await ask('POST', path, by);
      urls.push(location ?? '');
      await until(location ?? '', hasEnded);
    }

    expect((await ask('GET', urls[0] ?? '')).status).toBe(404);
    expect((await ask('GET', urls[1] ?? '')).status).toBe(200);
    expect((await ask<ReplayJobsBody>('GET', path)).body.replays).toHaveLength(20);
  });

  it.each([
    ['POST', path, {}, 422],
    ['POST', path, { ...by, dryRun: true }, 422],
    ['POST', path, { ...by, status: 'replayed' }, 422],
    ['POST', path, { ...by, max: 0 }, 422],
    ['POST', path, { ...by, code: 'lost' }, 422],
    ['POST', '/operations/order/replays', by, 404],
    ['GET', '/operations/order/replays', undefined, 404],
    ['GET', `${path}/0123`, undefined, 404],
    ['DELETE', `${path}/0123`, undefined, 404],
    ['PUT', `${path}/0123`, by, 405],
  ] as const)('does not begin by %s %s with %j, which is answered with %i', async (method, url, body, status) => {
    expect((await ask(method, url, body)).status).toBe(status);
  });
});
