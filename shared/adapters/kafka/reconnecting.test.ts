import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Reconnecting } from './reconnecting.ts';

const created: { connect: () => Promise<void>; disconnect: () => Promise<void> }[] = [];
const connections = new Reconnecting(() => {
  const connection = { connect: vi.fn(async () => undefined), disconnect: vi.fn(async () => undefined) };
  created.push(connection);
  return connection;
});
const never = () => new Promise<never>(() => undefined);

beforeEach(() => {
  created.length = 0;
  vi.useFakeTimers();
});
afterEach(async () => {
  vi.useRealTimers();
  await connections.close();
});

it('keeps a connection for all calls', async () => {
  const answers = [await connections.use(async () => 1), await connections.use(async () => 2)];

  expect([answers, created.length]).toEqual([[1, 2], 1]);
  expect(vi.getTimerCount()).toBe(0);
});

it('makes another connection after a failure', async () => {
  await expect(connections.use(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');

  expect(await connections.use(async () => 'again')).toBe('again');
  expect(created.map(({ disconnect }) => vi.mocked(disconnect).mock.calls.length)).toEqual([1, 0]);
});

it('gives up a call that never ends, and its connection', async () => {
  const call = expect(connections.use(never)).rejects.toThrow('no answer within 60 s');
  await vi.advanceTimersByTimeAsync(60_000);
  await call;

  expect(await connections.use(async () => 'again')).toBe('again');
  expect(created.length).toBe(2);
});
