import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { count } from '../../testing/probe.ts';
import { ProbeReader } from '../../testing/probe-reader.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reader.remove();
});

it('what a batch publishes is announced with its positions before any caller is answered', async () => {
  const announce = vi.spyOn(reader.log, 'announce');
  const answered = reader.worker.submit(count('a', 1)).then(() => announce.mock.calls.length);
  await reader.settle();

  const value = '{"quantity":1}';
  const rows = [expect.objectContaining({ written: expect.objectContaining({ position: 1, value }) })];
  expect([announce.mock.calls, await answered]).toEqual([[['probe-events', rows]], 1]);
});

it('what a batch publishes is announced with its positions when it was handled one by one', async () => {
  const announce = vi.spyOn(reader.log, 'announce');
  const refused = reader.worker.submit(count('b', 2_000)).catch(() => 'refused by the store');
  const handled = [reader.worker.submit(count('a', 1)), reader.worker.submit(count('a', 2))];
  await reader.settle();
  await Promise.all(handled);

  const rows = [1, 2].map((position) => expect.objectContaining({ written: expect.objectContaining({ position }) }));
  expect([await refused, announce.mock.calls]).toEqual(['refused by the store', [['probe-events', rows]]]);
});
