import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { deadLetters } from './dead-letters.ts';
import type { Terminal } from './store-client.ts';

const head = {
  ...{ letter: 'abc', function: 'inventory', status: 'open', code: 'failed', detail: 'Error: no\n  at x', key: 'O-1' },
  ...{ fingerprint: 'f', attributes: { type: 'OrderPlaced', subject: 'O-1' }, topic: 't', partition: 0, position: 1 },
  ...{ attempts: 3, replays: 0, diedAt: 'then', decidedAt: null, _links: {} },
};
const whole = { ...head, value: '{}', behind: 2, decisions: [] };
const round = { dryRun: false, replayed: 3, passed: 3, failed: 0, skipped: 0, stopped: null, left: 0 };
const waves = [
  { letters: 1, passed: 1, failed: 0, waiting: 0 },
  { letters: 2, passed: 2, failed: 0, waiting: 0 },
];

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Runs the program against a gateway that returns the next of `answers` for each request, or 404 when none is left. */
async function runWith(
  args: readonly string[],
  answers: Readonly<Record<string, readonly object[]>>,
  terminal: { readonly env?: Terminal['env']; readonly isTty?: boolean } = {},
) {
  const seen: { request: string; authorization: string | undefined; body: unknown }[] = [];
  const left = new Map(Object.entries(answers).map(([request, all]) => [request, [...all]]));
  const server = createServer(async (request, response) => {
    const name = `${request.method} ${request.url?.split('?')[0]}`;
    const text = (await request.toArray()).join('');
    seen.push({
      request: name,
      authorization: request.headers.authorization,
      body: text === '' ? null : JSON.parse(text),
    });
    const answer = left.get(name)?.shift();
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? { code: 'not_found', detail: 'not here' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  const lines: string[] = [];
  const env = { GATEWAY_PORT: String((server.address() as AddressInfo).port), ...terminal.env };
  const out = (text: string) => lines.push(text);
  const error = await deadLetters(args, { env, isTty: terminal.isTty ?? false, out, err: out }).then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
  return { text: lines.join('\n'), error, seen, requests: seen.map(({ request }) => request) };
}

const find = { 'GET /operations/inventory/dead-letters/abc': [whole, { ...whole, status: 'replayed' }] };
const edited = {
  ...{ dryRun: false, letter: { ...head, status: 'edited' }, foreseen: null, behind: 2 },
  diff: [{ pointer: '/quantity', before: 1, after: 2 }],
};

describe('dead-letters', () => {
  it('finds a dead letter in any function, and shows all of it', async () => {
    const { text, requests } = await runWith(['show', 'abc'], find);

    expect(requests).toEqual(['GET /operations/order/dead-letters/abc', 'GET /operations/inventory/dead-letters/abc']);
    expect(text).toContain('It blocks O-1: 2 messages behind it.');
  });

  it('reports an unknown dead letter', async () => {
    const { error } = await runWith(['show', 'none'], {});

    expect(error).toBe('No function has a dead letter none. To list dead letters: npm run dead-letters list');
  });

  it('sends the token, and who resolves it', async () => {
    const resolve = {
      'POST /operations/inventory/dead-letters/abc/discard': [{ ...edited, diff: null, dryRun: true }],
    };

    const { seen } = await runWith(
      ['discard', 'abc'],
      { ...find, ...resolve },
      { env: { OPERATIONS_TOKEN: 'secret' } },
    );

    expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret']));
    expect(seen.at(-1)?.body).toEqual({ who: userInfo().username, reason: 'a dry run', dryRun: true });
  });

  it.each([
    ['replay', { outcome: 'failed', error: 'Error: no' }, 'would still wait'],
    ['replay', { outcome: 'handled', error: null }, 'would continue'],
    ['discard', null, 'would continue'],
    ['compensate', null, 'would continue'],
  ])('reports of a dry run of %s with outcome %o that messages behind it %s', async (action, ends, expected) => {
    const foreseen = ends === null ? null : { ...ends, events: [], writes: [] };
    const dry = { ...edited, diff: null, dryRun: true, foreseen };
    const resolve = { [`POST /operations/inventory/dead-letters/abc/${action}`]: [dry] };

    const { text } = await runWith([action, 'abc'], { ...find, ...resolve });

    expect(text).toContain(`2 messages behind it ${expected}.`);
    expect(text.includes('would never be handled')).toBe(foreseen === null);
  });

  it.each([
    ['coloured on a terminal', true, {}, '\u001b[31m− /quantity 1\u001b[39m\n\u001b[32m+ /quantity 2\u001b[39m'],
    ['plain where NO_COLOR is set', true, { NO_COLOR: '1' }, '− /quantity 1\n+ /quantity 2'],
    ['plain elsewhere', false, {}, '− /quantity 1\n+ /quantity 2'],
  ])('shows what an edit changes, %s', async (_, isTty, env, diff) => {
    const resolve = { 'POST /operations/inventory/dead-letters/abc/edit': [edited] };
    const args = ['edit', 'abc', '--data', '{"quantity":2}', '--yes', '--reason', 'why', '--function', 'inventory'];

    const { text, seen } = await runWith(args, { ...find, ...resolve }, { isTty, env });

    expect(text).toContain(diff);
    expect(seen.at(-1)?.body).toMatchObject({ reason: 'why', dryRun: false, data: { quantity: 2 } });
  });

  it('waits until a replayed dead letter was tried', async () => {
    const replaying = { ...edited, letter: { ...head, status: 'replaying' } };
    const answers = { ...find, 'POST /operations/inventory/dead-letters/abc/replay': [replaying] };
    const tries = [whole, { ...whole, status: 'replaying' }, { ...whole, status: 'replaying' }];
    const args = ['replay', 'abc', '--function', 'inventory', '--yes', '--reason', 'why'];
    const get = 'GET /operations/inventory/dead-letters/abc';

    const passed = await runWith(args, { ...answers, [get]: [...tries, { ...whole, status: 'replayed' }] });
    const failed = await runWith(args, { ...answers, [get]: [...tries, whole] });

    expect([passed.error, passed.text]).toEqual([null, 'It has passed: dead letter abc is replayed.']);
    expect(failed.error).toBe('Dead letter abc is open: Error: no\n  at x');
  });

  it('replays a group round after round, and shows the batches', async () => {
    const rounds = [
      { ...round, waves, left: 3 },
      { ...round, waves },
    ];
    const args = ['replay', '--fingerprint', 'f', '--function', 'order', '--yes', '--reason', 'why'];

    const { text, seen } = await runWith(args, { 'POST /operations/order/dead-letters/replay': rounds });

    expect(seen.map(({ body }) => body)).toMatchObject(Array(2).fill({ fingerprint: 'f', max: 100, dryRun: false }));
    const lines = ['order: a batch of 1: 1 passed', 'order: a batch of 2: 2 passed'];
    expect(text.split('\n')).toEqual([...lines, ...lines]);
  });

  it('says so where there is nothing to replay', async () => {
    const args = ['replay', '--all', '--function', 'order', '--yes', '--reason', 'why'];
    const answers = { 'POST /operations/order/dead-letters/replay': [{ ...round, waves: [], replayed: 0, passed: 0 }] };
    const { text, error } = await runWith(args, answers);

    expect({ text, error }).toEqual({ text: 'order: there are no dead letters to replay', error: null });
  });

  it('ends with an error when a replay is stopped, or when no dead letter can be replayed', async () => {
    const args = ['replay', '--all', '--function', 'order', '--yes', '--reason', 'why'];
    const path = 'POST /operations/order/dead-letters/replay';

    const stopped = await runWith(args, { [path]: [{ ...round, waves: [], stopped: 'it failed', left: 9 }] });
    const skipped = await runWith(args, { [path]: [{ ...round, waves: [], replayed: 0, skipped: 2, left: 2 }] });

    expect(stopped.error).toBe('order: stopped with 9 dead letters left: it failed');
    expect(skipped.error).toBe('order: 2 dead letters are left, of which 2 cannot be replayed.');
  });

  it.each([
    ['a replay of one and of all', ['replay', 'x', '--all'], 'replay of one dead letter takes no --all.'],
    [
      'a replay of one, of a group',
      ['replay', 'x', '--code', 'failed', '--per-second', '1'],
      'replay of one dead letter takes no --code and no --per-second.',
    ],
    ['groups of one function', ['list', '--groups', '--function', 'order'], 'list --groups takes no --function.'],
    ['a replay of nothing', ['replay'], 'replay needs a dead letter, --fingerprint, --code or --all.'],
    ['an edit without data', ['edit', 'abc'], 'edit needs either --data or --file.'],
    ['data with a name twice', ['edit', 'abc', '--data', '{"a":1,"a":2}'], '--data is not valid at /a: this name'],
    ['data that are not JSON', ['edit', 'abc', '--data', '{'], 'This is not JSON: '],
    ['a resolution without a reason', ['discard', 'abc', '--yes'], 'With --yes a --reason is needed'],
  ])('refuses %s and resolves nothing', async (_, args, message) => {
    const { error, requests } = await runWith(args, find);

    expect(error).toContain(message);
    expect(requests.filter((request) => request.startsWith('POST'))).toEqual([]);
  });
});
