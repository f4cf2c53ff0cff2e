/** Faults injected into fake processes: which calls are made, in which order, and what is reported. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { Faults, type TargetProcess } from './faults.ts';
import { FlightRecord } from './flight-record.ts';
import type { Fault } from './plan.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A fake process whose fault switch answers with these statuses, then always with the last one. */
async function targetProcess(...statuses: number[]) {
  const done: string[] = [];
  const server = createServer(async (request, response) => {
    done.push(`${request.method} ${request.url} ${await text(request)}`);
    response.statusCode = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  const note = (what: string) => void done.push(what);
  const order: TargetProcess = {
    target: 'order',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runNumber: 0,
    isReady: true,
    disk: {
      set: (rules) => note(`disk ${JSON.stringify(rules)}`),
      clear: () => note('disk clear'),
    },
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

async function inject(process: TargetProcess, ...faults: readonly Partial<Fault>[]) {
  const reported: string[] = [];
  const record = new FlightRecord();
  const context = {
    processes: new Map([['order', process] as const]),
    record,
    onInjection: ({ kind }: Fault, outcome: string) => reported.push(`${kind} ${outcome}`),
    onUnsupported: () => reported.push('no switch'),
  };
  const plan = [...faults, { atMs: 10_000 }].map((fault, n): Fault => {
    return { atMs: n * 30, kind: 'kill', target: 'order', durationMs: 5, shiftMs: 0, errors: ERRORS, ...fault };
  });
  const injector = new Faults(context);
  await injector.run(plan.values() as Iterator<Fault>, 1_000, new AbortController().signal);
  return { reported, record, injector };
}

const ERRORS = { operation: 'read', failure: 'EIO', share: 0.3 } as const;
const SWITCH = 'POST /automation-testing/faults';

describe('a fault', () => {
  it.each([
    ['kill', ['kill', 'start']],
    ['stop', ['stop', 'start']],
    ['freeze', ['freeze', 'thaw']],
    ['full', [`${SWITCH} {"noRoom":true}`, `${SWITCH} {"noRoom":false}`]],
    ['poison', [`${SWITCH} {"poison":{"share":0.3,"as":"transient"}}`, `${SWITCH} {"poison":null}`]],
    ['disk', [`disk ${JSON.stringify([ERRORS])}`, 'disk clear']],
    ['clock', [`${SWITCH} {"clockShiftMs":-9000}`, `${SWITCH} {"clockShiftMs":0}`]],
  ] as const)('is injected, reported and cleared: %s', async (kind, expected) => {
    const { order, done } = await targetProcess(200);

    const { reported } = await inject(order, { kind, shiftMs: -9_000 });

    expect([done, reported]).toEqual([expected, [`${kind} injected`]]);
  });

  it('is switched off again and again until the store confirms it', async () => {
    const { order, done } = await targetProcess(200, 503, 507, 200);

    const { record } = await inject(order, { kind: 'full' });

    expect(done.map((request) => request.slice(SWITCH.length + 1))).toEqual([
      '{"noRoom":true}',
      ...Array(3).fill('{"noRoom":false}'),
    ]);
    expect(record.faultPeriods).toMatchObject([{ target: 'order', kind: 'full', toMs: expect.any(Number) }]);
  });

  it('that the store does not support is announced once, and is not counted as injected', async () => {
    const { order } = await targetProcess(404);

    const { reported } = await inject(order, { kind: 'full' }, { kind: 'clock' });

    expect(reported).toEqual(['no switch', 'full unsupported', 'clock unsupported']);
  });

  it('is missed when the process is not running', async () => {
    const { order } = await targetProcess(503);
    const absent = { ...order, runNumber: -1, isReady: false, freeze: () => false, kill: () => null };

    const { reported } = await inject(absent, { kind: 'freeze' }, { kind: 'kill' }, { kind: 'full' }, { kind: 'disk' });

    expect(reported).toEqual(['freeze missed', 'kill missed', 'full missed', 'disk missed']);
  });

  it('of the disk is missed while the process starts, which it cannot on a disk that errs', async () => {
    const { order, done } = await targetProcess(200);

    const { reported } = await inject({ ...order, isReady: false }, { kind: 'disk' });

    expect([reported, done]).toEqual([['disk missed'], []]);
  });

  it('of the disk is not injected where calls cannot be made to fail', async () => {
    const { order, done } = await targetProcess(200);

    const { reported } = await inject({ ...order, disk: null }, { kind: 'disk' });

    expect([reported, done]).toEqual([['disk unsupported'], []]);
  });

  it('of the disk is not cleared in a later run of the process, which began without it', async () => {
    const { order, done } = await targetProcess(200);
    const restarted = { ...order, runNumber: 0 };
    const disk = {
      ...order.disk,
      set: () => Object.assign(restarted, { runNumber: 1 }),
      clear: () => done.push('clear'),
    };

    await inject(Object.assign(restarted, { disk }), { kind: 'disk' });

    expect(done).toEqual([]);
  });
});

it('clearing all faults continues and starts each process, and switches its faults off', async () => {
  const { order, done } = await targetProcess(200);
  const { injector } = await inject(order);

  await injector.clearAll();

  expect(done).toEqual(['thaw', 'disk clear', 'start', `${SWITCH} {"noRoom":false,"clockShiftMs":0,"poison":null}`]);
});
