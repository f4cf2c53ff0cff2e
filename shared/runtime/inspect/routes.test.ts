import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import type { Message } from '../../core/message.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { passing } from '../../testing/clock.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe } from '../../testing/probe.ts';
import { handleBatch } from '../handle/handle-batch.ts';
import { type App, createApp } from '../http/app.ts';
import { Figures } from '../worker/figures.ts';
import type { Inspected } from './inspected.ts';
import { addInspectRoutes } from './routes.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:00.000Z');
let folder: string;
let store: SqliteStore;
let log: EmbeddedLog;
let app: App;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-store-inspect-'));
  const file = join(folder, 'probe.db');
  const { name, tables, migrations } = probe;
  store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
  log = new EmbeddedLog({
    topics: {
      'probe-events': { file, writtenHere: true, isPublic: false },
      'probe-commands': { file: join(folder, 'probe-commands.db'), writtenHere: false, isPublic: true },
    },
    readers: [
      { group: 'probe', file, topics: ['probe-commands'] },
      { group: 'absent', file: join(folder, 'absent.db'), topics: ['probe-events'] },
    ],
    pollMs: 1_000,
  });
  app = createApp(logLines().logger);
  const inspected: Inspected = {
    fn: probe as never,
    store,
    clock: passing(() => NOW_MS),
    log,
    relayed: null,
    writerOf: (topic) => (topic === 'probe-events' ? 'probe' : null),
    figures: new Figures(),
    watermarks: { has: () => false },
    unavailableReason: async () => null,
    waiting: () => ({ parked: 0, paused: [] }),
    walBytes: () => store.walBytes(),
    onCommit: () => () => undefined,
    stepsOf: async () => [],
    stopping: new AbortController().signal,
  };
  addInspectRoutes(app, inspected);
});

afterEach(async () => {
  await log.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask<Body = Record<string, unknown>>(path: string, status = 200, body?: object): Promise<Body> {
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  const response = await app.request(`/operations/probe${path}`, { ...request, headers });
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return JSON.parse(text) as Body;
}

/** The probe publishes one event for each command. */
async function publish(messages: readonly Message[], atMs = NOW_MS): Promise<void> {
  const incoming = messages.map((message) => ({ from: 'command', message, deduplicate: true }) as const);
  await handleBatch(probe as never, store, batchOf(incoming, atMs));
}

function numbered(name: string, many: number): readonly Message[] {
  return Array.from({ length: many }, (_, n) => ({ ...count(name, 1), id: `${name}-${n + 1}` }));
}

interface Page {
  readonly messages: readonly { readonly position: number; readonly attributes: { subject: string }; data: unknown }[];
  readonly scanned: number;
  readonly isWhole: boolean;
  readonly _links: Readonly<Record<string, { readonly href: string }>>;
}

/** The positions on each page of a list, until its end. */
async function pages(path: string): Promise<readonly (readonly number[])[]> {
  const found: number[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const page: Page = await ask<Page>(next);
    found.push(page.messages.map(({ position }) => position));
    expect(page.isWhole).toBe(page._links['next'] === undefined);
    next = page._links['next']?.href.replace('/operations/probe', '');
  }
  return found;
}

describe('the status of a function', () => {
  it('tells of its topics how far each reader is, also one that never ran', async () => {
    await publish(numbered('a', 3));

    const { topics, ...status } = await ask<{ topics: object[] }>('/status');

    expect(status).toMatchObject({ name: 'probe', state: 'up', detail: null, deadLetters: 0, parked: 0 });
    expect(topics).toEqual([
      {
        name: 'probe-events',
        writer: 'probe',
        end: 3,
        detail: null,
        readers: [{ group: 'absent', partition: 0, position: 0, end: 3, lag: 3, oldestUnreadAt: expect.any(String) }],
      },
      { name: 'probe-commands', writer: null, end: 0, detail: null, readers: [expect.objectContaining({ lag: 0 })] },
    ]);
  });

  it('is that of no other function', async () => {
    const response = await app.request('/operations/other/status');

    expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
      404,
      'there is no function other here; this is probe',
    ]);
  });
});

describe('the messages of a topic', () => {
  it('come in pages, the newest first, or the oldest', async () => {
    await publish(numbered('a', 5));

    expect(await pages('/topics/probe-events/messages?limit=2')).toEqual([[5, 4], [3, 2], [1]]);
    expect(await pages('/topics/probe-events/messages?limit=2&order=asc')).toEqual([[1, 2], [3, 4], [5]]);
    expect(await pages('/topics/probe-events/messages?limit=5')).toEqual([[5, 4, 3, 2, 1]]);
  });

  it('begin at a position, or at a time, with what lies there', async () => {
    for (const [n, name] of ['a', 'b', 'c'].entries()) await publish(numbered(name, 2), NOW_MS + n * 60_000);

    expect(await pages('/topics/probe-events/messages?from=3')).toEqual([[3, 2, 1]]);
    expect(await pages('/topics/probe-events/messages?from=3&order=asc')).toEqual([[3, 4, 5, 6]]);
    expect(await pages('/topics/probe-events/messages?from=2026-03-01T10:01Z&order=asc')).toEqual([[3, 4, 5, 6]]);
    expect(await pages('/topics/probe-events/messages?from=2026-03-01T10:01Z')).toEqual([[4, 3, 2, 1]]);
    expect(await pages('/topics/probe-events/messages?from=2026-03-01T10:00:30.000Z')).toEqual([[2, 1]]);
    expect(await pages('/topics/probe-events/messages?from=2027-01-01T00:00Z&order=asc')).toEqual([[]]);
    expect(await pages('/topics/probe-events/messages?from=2028-02-29T12:00:00Z&order=asc')).toEqual([[]]);
  });

  it('are filtered by key, type and partition', async () => {
    await publish([...numbered('a', 2), ...numbered('b', 2)]);

    expect(await pages('/topics/probe-events/messages?key=b')).toEqual([[4, 3]]);
    expect(await pages('/topics/probe-events/messages?type=Counted&limit=3')).toEqual([[4, 3, 2], [1]]);
    expect(await pages('/topics/probe-events/messages?type=Other')).toEqual([[]]);
    expect(await pages('/topics/probe-events/messages?partition=1')).toEqual([[]]);
  });

  it('say how many were looked at, and go on where that was not all', async () => {
    const many = Array.from({ length: 50 }, (_, batch) => numbered(`k${batch}`, 210));
    for (const batch of many) await publish(batch);

    const page = await ask<Page>('/topics/probe-events/messages?type=Other');

    expect([page.scanned, page.isWhole, page.messages]).toEqual([10_000, false, []]);
    expect(page._links['next']).toBeDefined();
    expect(await pages('/topics/probe-events/messages?type=Other')).toEqual([[], []]);
  });

  it('of a public topic come from the log, as their senders wrote them', async () => {
    const { data, ...attributes } = count('a', 1);
    await log.append('probe-commands', [{ ...attributes, data: { note: 'x'.repeat(300 * 1024) } }]);
    await log.append('probe-commands', [{ data, ...attributes }]);

    const { messages } = await ask<{ messages: { data: unknown; isCut: boolean; isText: boolean }[] }>(
      '/topics/probe-commands/messages',
    );

    expect(messages.map(({ isCut, isText }) => [isCut, isText])).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(messages[0]?.data).toEqual(data);
    expect(String(messages[1]?.data)).toHaveLength(256 * 1024);
  });

  it.each([
    ['limit=201', '/limit'],
    ['from=yesterday', '/from'],
    ['from=2026-02-31T12:00Z', '/from'],
    ['from=2026-02-29T12:00:00.000Z', '/from'],
    ['from=2026-02-28', '/from'],
    ['order=up', '/order'],
    ['partition=-1', '/partition'],
    ['cursor=WyJ4Il0', '/cursor'],
    ['script=1', '/script'],
  ])('are refused with a word about what is wrong: %s', async (query, pointer) => {
    const { errors } = await ask<{ errors: { pointer: string }[] }>(`/topics/probe-events/messages?${query}`, 422);

    expect(errors.map((each) => each.pointer)).toEqual([pointer]);
  });

  it('are not there of a topic that the function does not know', async () => {
    const { detail } = await ask<{ detail: string }>('/topics/other/messages', 404);

    expect(detail).toBe('probe cannot tell what lies in a topic other');
  });
});

describe('a message', () => {
  it('is found by its id, among the newest, or where a hint says', async () => {
    await publish(numbered('a', 3));
    const { messages } = await ask<Page>('/topics/probe-events/messages');
    const id = String((messages[1]?.attributes as { id?: unknown } | undefined)?.id);

    for (const hints of ['', '?key=a', '?topic=probe-events&position=2', '?position=1']) {
      const { found } = await ask<{ found: object }>(`/messages/${id}${hints}`);
      expect(found).toMatchObject({ topic: 'probe-events', message: { position: 2 }, readBy: { absent: false } });
    }
    expect(await ask('/messages/unknown')).toEqual({ found: null });
    expect(await ask(`/messages/${id}?topic=probe-commands`)).toEqual({ found: null });
  });

  it('was handled, is parked or is dead, as the function knows it', async () => {
    const handled = { ...count('a', 1), id: 'handled' };
    const failing = { ...count('b', 1, 'throw'), id: 'failing' };
    const refused = { ...count('c', 1, 'refuse'), id: 'refused' };
    const incoming = [handled, failing, refused].map((message, n) => fromTopic('probe-commands', n + 1, message));
    await handleBatch(probe as never, store, batchOf(incoming, NOW_MS));
    const asked = [handled, failing, refused, { ...handled, id: 'never-came' }].map(
      ({ id, source, partitionkey }, n) => {
        const delivered = { partition: 0, position: n + 1 };
        return { id, source, key: partitionkey, topic: 'probe-commands', epoch: '', position: n + 1, delivered };
      },
    );

    const { reads } = await ask<{ reads: { state: string; letter: string | null }[] }>('/reads', 200, {
      messages: asked,
    });

    expect(reads.map(({ state }) => state)).toEqual(['handled', 'parked', 'dead', null]);
    expect(reads.map(({ letter }) => letter !== null)).toEqual([false, false, true, false]);
    // Where it was delivered is not known of a copy that was sent again.
    const elsewhere = asked.map((each) => ({ ...each, delivered: null }));
    expect((await ask<{ reads: object[] }>('/reads', 200, { messages: elsewhere })).reads).toEqual(reads);
  });
});

describe('the trace of a key at a function', () => {
  it('has its own messages, those of clients in a public topic, and what is held', async () => {
    const { data, ...attributes } = { ...count('a', 1), id: 'from-outside' };
    await log.append('probe-commands', [{ data, ...attributes }]);
    const failing = { ...count('a', 2, 'throw'), id: 'failing' };
    const incoming = [fromTopic('probe-commands', 1, { ...attributes, data }), fromTopic('probe-commands', 2, failing)];
    await handleBatch(probe as never, store, batchOf(incoming, NOW_MS));
    await publish(numbered('b', 2));

    const trace = await ask<{
      messages: { topic: string; message: { attributes: { id: string; causationid: string } } }[];
      held: object[];
      isWhole: boolean;
    }>('/trace/a');

    expect(trace.messages.map(({ topic, message }) => [topic, message.attributes.causationid])).toEqual([
      ['probe-events', 'from-outside'],
      ['probe-commands', attributes.causationid],
    ]);
    expect(trace.held).toEqual([expect.objectContaining({ topic: 'probe-commands', state: 'parked', letter: null })]);
    expect(trace.isWhole).toBe(true);
    expect(await ask('/trace/nothing')).toEqual({ messages: [], held: [], steps: [], isWhole: true });
  });
});
