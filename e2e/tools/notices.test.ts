import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { notices } from './notices.ts';
import { type StoreError, type Terminal, UsageError } from './store-client.ts';

const PATH = '/operations/notification/notices';
const failed = {
  ...{
    notificationId: 'abc',
    customerId: 'C-1',
    orderId: 'O-1',
    fact: 'OrderPlaced',
    channel: 'log',
    status: 'failed',
  },
  ...{ text: 'We have received your order O-1.', createdAt: 'then', sentAt: null, attempts: 3, attemptedAt: 'then' },
  ...{ dueAt: null, lastError: 'no such address', sentAgain: [] },
};
const pending = { ...failed, status: 'pending', attempts: 0, dueAt: 'now' };
const sent = { ...failed, status: 'sent', sentAt: 'later', lastError: null };

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Runs the program against a gateway that returns the next of `answers` for each request, or 404 when none is left. */
async function runWith(
  args: readonly string[],
  answers: Readonly<Record<string, readonly object[]>>,
  env: Terminal['env'] = {},
) {
  const seen: { request: string; authorization: string | undefined; body: unknown }[] = [];
  const left = new Map(Object.entries(answers).map(([request, all]) => [request, [...all]]));
  const server = createServer(async (request, response) => {
    const name = `${request.method} ${request.url}`;
    const text = (await request.toArray()).join('');
    const body = text === '' ? null : JSON.parse(text);
    seen.push({ request: name, authorization: request.headers.authorization, body });
    const answer = left.get(name)?.shift();
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? { code: 'not_found', detail: 'there is no notice abc' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  const lines: string[] = [];
  const gateway = { GATEWAY_PORT: String((server.address() as AddressInfo).port) };
  const out = (text: string) => lines.push(text);
  const error = await notices(args, { env: { ...gateway, ...env }, isTty: false, out, err: out }).then(
    () => null,
    (thrown: StoreError) => thrown,
  );
  return { text: lines.join('\n'), error, seen, requests: seen.map(({ request }) => request) };
}

const page = { notifications: [failed], _links: {} };

describe('notices list', () => {
  it.each([
    ['failed ones by default', ['list'], '/notifications?status=failed&limit=50'],
    ['failed ones', ['list', '--failed', '--limit', '9'], '/notifications?status=failed&limit=9'],
    ['those of an order', ['list', '--order', 'O-1'], '/notifications?orderId=O-1&limit=50'],
    [
      'pending ones to a customer',
      ['list', '--pending', '--customer', 'C'],
      '/notifications?status=pending&customerId=C&limit=50',
    ],
  ])('lists %s', async (_, args, path) => {
    const { text, requests } = await runWith(args, { [`GET ${path}`]: [page] });

    expect(requests).toEqual([`GET ${path}`]);
    expect(text).toContain('no such address');
  });

  it('prints no character that controls the terminal', async () => {
    const hostile = { ...failed, lastError: 'a\u001b[2Jb\nc\u202e' };
    const path = 'GET /notifications?status=failed&limit=50';

    const { text } = await runWith(['list'], { [path]: [{ ...page, notifications: [hostile] }] });

    expect(text).toContain('a\\u001b[2Jb\\u000ac\\u202e');
  });
});

describe('notices show', () => {
  it('shows a notice with who had it sent again', async () => {
    const sentAgain = [{ at: 'then', who: 'Ada', reason: 'the address is right', attempts: 40, lastError: 'no' }];

    const { text } = await runWith(['show', 'abc'], { [`GET ${PATH}/abc`]: [{ ...failed, sentAgain }] });

    expect(text).toContain('notice abc of OrderPlaced of O-1 has failed after attempt 3: no such address');
    expect(text).toContain('then by Ada: the address is right (after attempt 40: no)');
  });

  it('reports an unknown notice', async () => {
    const { error } = await runWith(['show', 'abc'], {});

    expect(error?.message).toContain('there is no notice abc');
    expect(error).not.toBeInstanceOf(UsageError);
  });
});

describe('notices send-again', () => {
  const send = `POST ${PATH}/abc/send-again`;
  const get = `GET ${PATH}/abc`;
  const yes = ['--yes', '--reason', 'why'];

  it('changes nothing without --yes, and says how', async () => {
    const { text, seen } = await runWith(['send-again', 'abc'], { [send]: [{ dryRun: true, notification: failed }] });

    expect(seen.map(({ body }) => body)).toEqual([{ who: userInfo().username, reason: 'a dry run', dryRun: true }]);
    expect(text).toContain('This was a dry run: nothing has changed. To do it, add --yes and --reason.');
  });

  it('waits for the next attempt, with the token', async () => {
    const answers = { [send]: [{ dryRun: false, notification: pending }], [get]: [pending, sent] };

    const { text, error, seen } = await runWith(['send-again', 'abc', ...yes], answers, { OPERATIONS_TOKEN: 'secret' });

    expect([error, text]).toEqual([null, 'notice abc of OrderPlaced of O-1 was sent at later.']);
    expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret']));
    expect(seen[0]?.body).toMatchObject({ reason: 'why', dryRun: false });
  });

  it('ends with an error when the notice fails again', async () => {
    const answers = { [send]: [{ dryRun: false, notification: pending }], [get]: [failed] };

    const { error } = await runWith(['send-again', 'abc', ...yes], answers);

    expect(error?.message).toBe('Notice abc has failed again.');
  });

  it('sends all failed ones again, page by page', async () => {
    const all = `POST ${PATH}/send-again`;
    const pages = [
      { dryRun: false, sentAgain: 250, left: 20, next: 'c' },
      { dryRun: false, sentAgain: 20, left: 0, next: null },
    ];

    const { text, seen } = await runWith(['send-again', '--all-failed', ...yes], { [all]: pages });

    expect(text).toBe('270 failed notices are being sent again.');
    expect(seen.map(({ body }) => body)).toMatchObject([{ reason: 'why' }, { reason: 'why', cursor: 'c' }]);
  });

  it.each([
    ['nothing to send again', ['send-again'], 'send-again needs either a notice or --all-failed.'],
    ['a notice and all', ['send-again', 'abc', '--all-failed'], 'send-again needs either a notice or --all-failed.'],
    ['no reason', ['send-again', 'abc', '--yes'], 'With --yes a --reason is needed'],
    ['two statuses', ['list', '--failed', '--sent'], 'list takes one of --failed, --pending and --sent.'],
    ['an unknown option', ['list', '--nonsense'], ''],
    ['no command', [], ''],
  ])('refuses %s as a wrong command line and asks the store nothing', async (_, args, message) => {
    const { error, requests } = await runWith(args, {});

    expect(error).toBeInstanceOf(UsageError);
    expect(error?.message).toContain(message);
    expect(requests).toEqual([]);
  });

  it('prints help without an error', async () => {
    const { error, text } = await runWith(['--help'], {});

    expect([error, text.includes('send-again')]).toEqual([null, true]);
  });
});
