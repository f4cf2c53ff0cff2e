/** Faults are carried out on stand-ins: what is done, in which order, and what is told about it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { Faults, type Victim } from './faults.ts';
import { FlightRecord } from './flight-record.ts';
import type { Fault } from './plan.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A function whose switches answer with these statuses, the last one for ever. */
async function victim(...statuses: number[]) {
  const done: string[] = [];
  const server = createServer(async (request, response) => {
    done.push(`${request.method} ${request.url} ${await text(request)}`);
    response.statusCode = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  const note = (what: string) => void done.push(what);
  const order: Victim = {
    target: 'order',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    life: 0,
    start: async () => note('start'),
    kill: async () => note('kill'),
    stop: async () => note('stop'),
    freeze: () => {
      note('freeze');
      return true;
    },
    thaw: () => note('thaw'),
  };
  return { order, done };
}

async function strike(victimOf: Victim, ...faults: readonly Partial<Fault>[]) {
  const told: string[] = [];
  const record = new FlightRecord();
  const context = {
    processes: new Map([['order', victimOf] as const]),
    record,
    onStrike: ({ kind }: Fault, outcome: string) => told.push(`${kind} ${outcome}`),
    onUnsupported: () => told.push('no switch'),
  };
  const plan = [...faults, { atMs: 10_000 }].map((fault, n): Fault => {
    return { atMs: n * 30, kind: 'kill', target: 'order', durationMs: 5, shiftMs: 0, ...fault };
  });
  const injector = new Faults(context);
  await injector.run(plan.values() as Iterator<Fault>, 1_000, new AbortController().signal);
  return { told, record, injector };
}

const SWITCH = 'POST /automation-testing/faults';

describe('a fault', () => {
  it.each([
    ['kill', ['kill', 'start']],
    ['stop', ['stop', 'start']],
    ['freeze', ['freeze', 'thaw']],
    ['full', [`${SWITCH} {"noRoom":true}`, `${SWITCH} {"noRoom":false}`]],
    ['poison', [`${SWITCH} {"poison":{"share":0.3,"as":"trouble"}}`, `${SWITCH} {"poison":null}`]],
    ['clock', [`${SWITCH} {"clockShiftMs":-9000}`, `${SWITCH} {"clockShiftMs":0}`]],
  ] as const)('is done, told and healed: %s', async (kind, expected) => {
    const { order, done } = await victim(200);

    const { told } = await strike(order, { kind, shiftMs: -9_000 });

    expect([done, told]).toEqual([expected, [`${kind} injected`]]);
  });

  it('is healed again and again until it is', async () => {
    const { order, done } = await victim(200, 503, 507, 200);

    const { record } = await strike(order, { kind: 'full' });

    expect(done.map((request) => request.slice(SWITCH.length + 1))).toEqual([
      '{"noRoom":true}',
      ...Array(3).fill('{"noRoom":false}'),
    ]);
    expect(record.troubles).toMatchObject([{ target: 'order', kind: 'full', toMs: expect.any(Number) }]);
  });

  it('that the store has no switch for is said once, and is not counted as done', async () => {
    const { order } = await victim(404);

    const { told } = await strike(order, { kind: 'full' }, { kind: 'clock' });

    expect(told).toEqual(['no switch', 'full unsupported', 'clock unsupported']);
  });

  it('is missed where nobody is there', async () => {
    const { order } = await victim(503);
    const absent = { ...order, life: -1, freeze: () => false, kill: () => null };

    const { told } = await strike(absent, { kind: 'freeze' }, { kind: 'kill' }, { kind: 'full' });

    expect(told).toEqual(['freeze missed', 'kill missed', 'full missed']);
  });
});

it('heals all at the end: continued, started, with room and the right time', async () => {
  const { order, done } = await victim(200);
  const { injector } = await strike(order);

  await injector.healAll();

  expect(done).toEqual(['thaw', 'start', `${SWITCH} {"noRoom":false,"clockShiftMs":0,"poison":null}`]);
});
