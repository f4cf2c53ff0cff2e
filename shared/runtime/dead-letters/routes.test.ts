import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import { DeadLetterBench } from '../../testing/dead-letter-bench.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count } from '../../testing/probe.ts';
import { type App, createApp } from '../http/app.ts';
import { addDeadLetterRoutes } from './routes.ts';
import type { DeadLetterBody, DeadLetterSummaryBody, GroupBody, ReplayedBody, ResolvedBody } from './schemas.ts';

const path = '/operations/probe/dead-letters';
const by = { who: 'ann', reason: 'it is fixed' };
let bench: DeadLetterBench;
let app: App;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
  app = createApp(logLines().logger);
  addDeadLetterRoutes(app, bench.scope());
});
afterEach(() => bench.close());

async function ask<Body>(url: string, body?: object): Promise<{ status: number; body: Body }> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await app.request(url, body === undefined ? {} : post);
  return { status: response.status, body: (await response.json()) as Body };
}

async function list(query: string) {
  const { body } = await ask<{ letters: DeadLetterSummaryBody[]; _links: { next?: { href: string } } }>(path + query);
  return { names: body.letters.map(({ attributes }) => attributes['subject']), next: body._links.next?.href };
}

const nonsense = (name: string) => ({ ...count(name, 1), type: 'Nonsense' }) as unknown as Message;

describe('the dead letters of a function', () => {
  it('are listed by page, the oldest first, with filters', async () => {
    await bench.exhaust(count('a', 1, 'throw'), nonsense('b'), nonsense('c'), nonsense('d'));
    await ask(`${path}/${(await bench.deadLetters())[1]?.letter}/discard`, by);

    const first = await list('?limit=2');
    const second = await list(first.next?.slice(path.length) ?? '');

    expect([first.names, second.names, second.next]).toEqual([['b', 'd'], ['a'], undefined]);
    expect((await list('?status=all&code=unknown_type')).names).toEqual(['b', 'c', 'd']);
    expect((await list('?status=discarded')).names).toEqual(['c']);
    expect((await list('?key=a')).names).toEqual(['a']);
    expect((await list('?fingerprint=unknown_type')).names).toEqual(['b', 'd']);
  });

  it('are grouped by cause', async () => {
    await bench.exhaust(count('a', 1, 'throw'), nonsense('b'), nonsense('c'));

    const { body } = await ask<{ groups: GroupBody[]; isWhole: boolean }>(`${path}/groups`);

    expect(body.isWhole).toBe(true);
    expect(body.groups).toMatchObject([
      { function: 'probe', code: 'unknown_type', detail: 'no message type Nonsense', count: 2, replays: 0 },
      { code: 'failed', detail: 'Error: the probe was told to fail on a', count: 1 },
    ]);
  });

  it('include the received data, the number of waiting messages, and the resolutions', async () => {
    await bench.exhaust(count('a', 1, 'throw'), count('a', 2));
    const letter = await bench.letter();
    await ask(`${path}/${letter}/replay`, by);
    await bench.settle();

    const { body } = await ask<DeadLetterBody>(`${path}/${letter}`);

    expect(body).toMatchObject({ letter, status: 'open', attempts: 3, replays: 1, behind: 1 });
    expect(body.value).toBe(JSON.stringify(count('a', 1, 'throw').data));
    expect(body.decisions).toMatchObject([{ action: 'replay', ...by, before: { status: 'open' } }]);
    expect(Object.keys(body._links)).toEqual(['self', 'replay', 'edit', 'discard', 'compensate']);
  });

  it('are resolved, and the response says what has changed', async () => {
    await bench.exhaust(count('a', 1, 'throw'), count('a', 2));
    const url = `${path}/${await bench.letter()}`;

    const dry = await ask<ResolvedBody>(`${url}/edit`, { ...by, data: count('a', 1).data, dryRun: true });
    const real = await ask<ResolvedBody>(`${url}/edit`, { ...by, data: count('a', 1).data });
    const late = await ask(`${url}/discard`, by);
    await bench.settle();

    const diff = [{ pointer: '/name', before: 'throw', after: 'count' }];
    expect(dry.body).toMatchObject({ dryRun: true, diff, behind: 1, foreseen: { outcome: 'handled', error: null } });
    expect(real.body).toMatchObject({ dryRun: false, diff, behind: 1, letter: { status: 'edited' }, foreseen: null });
    expect(late).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await bench.units()).toEqual({ a: 3 });
  });

  it('are replayed together in batches; a dry run only counts them', async () => {
    await bench.exhaust(count('a', 1, 'throw'), count('b', 1, 'throw'), nonsense('c'));
    bench.worker.start();
    const failed = { ...by, code: 'failed' };

    const dry = await ask<ReplayedBody>(`${path}/replay`, { ...failed, dryRun: true });
    const [real, meanwhile] = await Promise.all([
      ask<ReplayedBody>(`${path}/replay`, failed),
      ask(`${path}/replay`, failed),
    ]);

    expect(dry.body).toMatchObject({ dryRun: true, replayed: 0, left: 2, waves: [{ letters: 1 }, { letters: 1 }] });
    expect(real.body).toMatchObject({ dryRun: false, replayed: 1, failed: 1, left: 2, waves: [{ letters: 1 }] });
    expect(meanwhile.status).toBe(409);
  });

  it.each([
    ['another function', '/operations/order/dead-letters', undefined, 404, undefined],
    ['an unknown dead letter', `${path}/0123`, undefined, 404, undefined],
    ['an invalid cursor', `${path}?cursor=x`, undefined, 422, '/cursor'],
    ['an unknown status', `${path}?status=lost`, undefined, 422, '/status'],
    ['a resolution without a name', `${path}/0123/discard`, { reason: 'why' }, 422, '/who'],
    ['an empty reason', `${path}/0123/discard`, { who: 'ann', reason: ' ' }, 422, '/reason'],
    ['an edit without data', `${path}/0123/edit`, by, 422, '/data'],
    ['too many at once', `${path}/replay`, { ...by, max: 1_001 }, 422, '/max'],
    ['a GET on a POST route', `${path}/replay`, undefined, 405, undefined],
  ])('refuse %s', async (_, url, body, status, pointer) => {
    const answer = await ask<{ errors?: { pointer: string }[] }>(url, body);

    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([status, pointer]);
  });
});

it.each([
  ['GET', '/operations/probe/letters?limit=1', '/operations/probe/dead-letters?limit=1'],
  ['GET', '/operations/probe/letters/groups', '/operations/probe/dead-letters/groups'],
  ['POST', '/operations/probe/letters/0123/discard', '/operations/probe/dead-letters/0123/discard'],
])('the former path redirects permanently, with method and body: %s %s', async (method, former, path) => {
  const response = await app.request(former, { method });

  expect([response.status, response.headers.get('location')]).toEqual([308, path]);
});
