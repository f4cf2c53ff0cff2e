import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { logLines } from '../../testing/log-lines.ts';
import { ProbeReader } from '../../testing/probe-reader.ts';
import { createApp, idempotencyKey } from '../http/app.ts';
import { commandIdOf, newCommand, submitCommand } from './submit-command.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

/** Posts a command to count, in a scope. Returns the status and the kind of the outcome, or the code of the problem. */
async function post(key: string | null, quantity: number, { name = 'count', scope = 'POST /count' } = {}) {
  const app = createApp(logLines().logger);
  app.post('/count', async (c) => {
    const header = idempotencyKey(c);
    const outcome = await submitCommand(c, reader.worker, {
      key: header,
      id: commandIdOf(header, scope),
      draft: { type: 'ReceiveStock', subject: 'a', data: { productId: 'a', quantity, name } },
      refusedAs: ({ code, detail }) => new AppError('conflict', `${code}: ${detail}`),
    });
    return c.json({ code: outcome.kind });
  });
  const answer = app.request('/count', { method: 'POST', headers: key === null ? {} : { 'idempotency-key': key } });
  // The request reaches the queue of the worker in the next turns of the event loop.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  await reader.settle();
  const response = await answer;
  const { code, detail } = (await response.json()) as { code: string; detail?: string };
  return detail === undefined ? [response.status, code] : [response.status, code, detail];
}

describe("a client's command", () => {
  it('is handled each time it comes without a key', async () => {
    expect([await post(null, 1), await post(null, 1)]).toEqual([
      [200, 'handled'],
      [200, 'handled'],
    ]);
    expect(await reader.counted()).toEqual({ a: [2, 2] });
  });

  it('is handled once for a key', async () => {
    expect([await post('k', 1), await post('k', 1)]).toEqual([
      [200, 'handled'],
      [200, 'duplicate'],
    ]);
    expect(await reader.counted()).toEqual({ a: [1, 1] });
  });

  it('is refused with the key of another body', async () => {
    await post('k', 1);

    expect(await post('k', 2)).toEqual([
      422,
      'idempotency_key_reused',
      'the Idempotency-Key k was used before with another body',
    ]);
    expect(await reader.counted()).toEqual({ a: [1, 1] });
  });

  it('is another one with the same key in another scope', async () => {
    expect([await post('k', 1), await post('k', 1, { scope: 'POST /other' })]).toEqual([
      [200, 'handled'],
      [200, 'handled'],
    ]);
  });

  it('is answered with what the route makes of a refusal', async () => {
    expect(await post('k', 1, { name: 'refuse' })).toEqual([409, 'conflict', 'told_to: the probe was told to refuse']);
  });
});

describe('a new command', () => {
  const draft = { type: 'ReceiveStock', subject: 'a', data: { productId: 'a', quantity: 1, name: null } };

  it('begins a saga of its own, at the time and in the version of the function', () => {
    const { id, ...command } = newCommand(reader.worker, draft);

    expect(command).toMatchObject({
      time: new Date(reader.nowMs).toISOString(),
      schemaversion: 1,
      correlationid: id,
      causationid: id,
    });
  });

  it('belongs to the saga that it is given', () => {
    expect(newCommand(reader.worker, draft, { correlationid: 'saga' }).correlationid).toBe('saga');
    expect(newCommand(reader.worker, draft, { id: 'own', correlationid: null }).correlationid).toBe('own');
  });
});
