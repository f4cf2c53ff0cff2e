import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logLines } from '../../testing/log-lines.ts';
import { createApp } from '../http/app.ts';
import { FaultInjection } from './fault-injection.ts';
import type { FaultsBody } from './fault-representation.ts';
import { addCrashRoute, addFaultRoutes, refuseWhileAway } from './fault-routes.ts';

const path = '/automation-testing/faults/probe';
const healthy = { function: 'probe', noRoom: false, clockShiftMs: 0, poison: null, calls: null };
const START_MS = Date.parse('2026-03-01T10:00:00.000Z');

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A function that counts what is asked of it, with its faults. */
function faultyFunction() {
  const told: (boolean | string | null)[] = [];
  const clock = { nowMs: () => Date.now(), upMs: () => Date.now() };
  const targets = { setRoom: (no: boolean) => told.push(no), setAway: (why: string | null) => told.push(why) };
  const faults = new FaultInjection('probe', clock, targets);
  const app = createApp(logLines().logger);
  const crashed: string[] = [];
  addFaultRoutes(app, faults);
  addCrashRoute(app, 'probe', {
    takes: ['gateway', 'probe'],
    restarts: false,
    start: () => void crashed.push('probe'),
  });
  for (const each of ['/livez', '/things']) app.get(each, (c) => c.json({ is: 'there' }));
  const sent = new TextEncoder().encode('event: tick\n\n');
  let streams = 0;
  app.get('/things/stream', (c) => {
    streams += 1;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(sent),
      cancel: () => {
        streams -= 1;
      },
    });
    return c.body(body, 200, { 'content-type': 'text/event-stream' });
  });
  refuseWhileAway(app, faults);
  const ask = async (method: string, url: string, body?: object) => {
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await app.fetch(
      new Request(`http://localhost${url}`, { method, ...(body === undefined ? {} : json) }),
    );
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, retryAfter, body: (await response.json()) as FaultsBody & { detail?: string } };
  };
  return { app, faults, told, ask, streams: () => streams, crashes: () => crashed.length };
}

describe('the faults of a function', () => {
  it('are none at first, and each is changed alone', async () => {
    const { ask, told } = faultyFunction();

    const first = await ask('GET', path);
    await ask('PUT', path, { noRoom: true });
    const second = await ask('PUT', path, { clockShiftMs: -600_000 });

    expect(first.body).toEqual({ ...healthy, away: false, until: null });
    expect(second.body).toEqual({ ...healthy, noRoom: true, clockShiftMs: -600_000, away: false, until: null });
    expect((await ask('GET', path)).body).toEqual(second.body);
    expect(told).toEqual([true, true]);
  });

  it('are all healed together, also twice', async () => {
    const { ask, told, faults } = faultyFunction();
    const poison = { subject: 'A', as: 'bug' };
    await ask('PUT', path, { noRoom: true, clockShiftMs: 5_000, poison });
    await ask('PUT', path, { away: true });

    const healed = await ask('DELETE', path);

    expect([healed.status, healed.body]).toEqual([200, { ...healthy, away: false, until: null }]);
    expect(told).toEqual([true, true, expect.stringContaining('probe is away'), false, null]);
    expect([faults.isAway, faults.clock.nowMs()]).toEqual([false, START_MS]);
    expect((await ask('DELETE', path)).status).toBe(200);
  });

  it.each([
    ['PUT', path, { forS: 0 }, 422],
    ['PUT', path, { away: true, forS: 601 }, 422],
    ['PUT', path, { away: 'yes' }, 422],
    ['PUT', path, { gone: true }, 422],
    ['PUT', path, { poison: { share: 2, as: 'bug' } }, 422],
    ['DELETE', path, { away: false }, 422],
    ['GET', '/automation-testing/faults/order', undefined, 404],
    ['PUT', '/automation-testing/faults/order', {}, 404],
    ['DELETE', '/automation-testing/faults/order', undefined, 404],
    ['POST', '/automation-testing/crash/order', undefined, 404],
    ['POST', '/automation-testing/crash/probe', { now: true }, 422],
    ['GET', '/automation-testing/crash/probe', undefined, 405],
  ] as const)('are left alone by %s %s with %j, which is answered with %i', async (method, url, body, status) => {
    const { ask, told, crashes } = faultyFunction();

    const answer = await ask(method, url, body);

    expect([answer.status, told, crashes()]).toEqual([status, [], 0]);
  });
});

describe('a function that is away', () => {
  it('answers 503 to all but its faults, its crash and the question whether it runs, and says for how long', async () => {
    const { ask, crashes } = faultyFunction();
    await ask('PUT', path, { away: true, forS: 20 });
    vi.advanceTimersByTime(8_500);

    const things = await ask('GET', '/things');

    expect([things.status, things.retryAfter]).toEqual([503, '12']);
    expect(things.body.detail).toContain('probe is away until 2026-03-01T10:00:20.000Z');
    expect((await ask('GET', '/livez')).status).toBe(200);
    expect((await ask('GET', path)).body).toMatchObject({ away: true, until: '2026-03-01T10:00:20.000Z' });
    expect([(await ask('POST', '/automation-testing/crash/probe')).status, crashes()]).toEqual([202, 1]);
  });

  it('is back after its time, which is 30 s unless another is given, and is told so', async () => {
    const { ask, told } = faultyFunction();
    const { body } = await ask('PUT', path, { away: true });

    vi.advanceTimersByTime(29_999);
    const before = (await ask('GET', '/things')).status;
    vi.advanceTimersByTime(1);
    const after = (await ask('GET', '/things')).status;

    expect([body.until, before, after]).toEqual(['2026-03-01T10:00:30.000Z', 503, 200]);
    expect(told.at(-1)).toBeNull();
    expect((await ask('GET', path)).body.until).toBeNull();
  });

  it('is away from now on when it is sent away again, and is not called back by the first time', async () => {
    const { ask } = faultyFunction();
    await ask('PUT', path, { away: true, forS: 10 });
    vi.advanceTimersByTime(9_000);
    await ask('PUT', path, { away: true, forS: 10 });
    vi.advanceTimersByTime(9_000);

    expect((await ask('GET', '/things')).status).toBe(503);
    vi.advanceTimersByTime(1_000);
    expect((await ask('GET', '/things')).status).toBe(200);
  });

  it('ends the streams that are open, once and without an error, and refuses new ones until it is back', async () => {
    const { app, ask, streams } = faultyFunction();
    const open = () => Promise.resolve(app.fetch(new Request('http://localhost/things/stream?key=a')));
    const textOf = async () => (await open()).text();
    const texts = [textOf(), textOf()];
    await vi.waitUntil(() => streams() === 2);
    const left = await open();
    await left.body?.cancel();
    expect(streams()).toBe(2);

    await ask('PUT', path, { away: true });

    expect(await Promise.all(texts)).toEqual(['event: tick\n\n', 'event: tick\n\n']);
    expect([streams(), (await open()).status]).toEqual([0, 503]);
    await ask('DELETE', path);
    const back = await open();
    expect([back.status, streams()]).toEqual([200, 1]);
    await back.body?.cancel();
    expect(streams()).toBe(0);
  });

  it('counts by the real clock, also where its own is wrong', async () => {
    const { ask } = faultyFunction();

    const { body } = await ask('PUT', path, { clockShiftMs: 600_000, away: true, forS: 20 });

    expect(body.until).toBe('2026-03-01T10:00:20.000Z');
  });

  it('has none of its loops run, and wakes them when it is back', async () => {
    const { ask, faults } = faultyFunction();
    const granted: (() => void)[] = [];
    const role = faults.present({ isHeld: true, onGranted: (listener) => granted.push(listener) });
    const woken: string[] = [];
    role.onGranted(() => woken.push('woken'));

    await ask('PUT', path, { away: true });
    const isHeldAway = role.isHeld;
    await ask('DELETE', path);

    expect([isHeldAway, role.isHeld, woken, granted.length]).toEqual([false, true, ['woken'], 1]);
  });
});

describe('a crash', () => {
  it('says what it takes and whether that is started again', async () => {
    const { ask, crashes } = faultyFunction();

    const { status, body } = await ask('POST', '/automation-testing/crash/probe');

    expect([status, body, crashes()]).toEqual([202, { takes: ['gateway', 'probe'], restarts: false }, 1]);
  });
});
