import { describe, expect, it } from 'vitest';
import { readOptions } from '../chaos/options.ts';
import { automation } from './automation.ts';
import { backup } from './backup.ts';
import { exitCodeOf } from './command-line.ts';
import { deadLetters } from './dead-letters.ts';
import { messages } from './messages.ts';
import { notices } from './notices.ts';
import { postOrder } from './post-order.ts';
import { produce } from './produce.ts';
import { status } from './status.ts';
import type { Terminal } from './store-client.ts';
import { trace } from './trace.ts';
import { why } from './why.ts';

/** No tool gets as far as this address: what is wrong with a command line is said before anything is asked. */
const NOWHERE = { GATEWAY_URL: 'http://127.0.0.1:9', INVENTORY_URL: 'http://127.0.0.1:9', DATA_DIR: '/nowhere' };

const tools: Readonly<Record<string, (args: readonly string[], terminal: Terminal) => unknown>> = {
  automation,
  backup,
  'dead-letters': deadLetters,
  messages,
  notices,
  'post-order': postOrder,
  produce,
  status,
  trace,
  why,
  chaos: readOptions,
};

async function ended(name: string, args: readonly string[], env: Terminal['env'] = {}) {
  const lines: string[] = [];
  const terminal: Terminal = {
    env: { ...NOWHERE, ...env },
    isTty: false,
    out: (text) => void lines.push(`out: ${text}`),
    err: (text) => void lines.push(text),
  };
  const run = async () => tools[name]?.(args, terminal);
  const code = await run().then(
    () => 0,
    (error: unknown) => exitCodeOf(error, terminal),
  );
  return { code, first: lines.join('\n').split('\n')[0] };
}

describe('an option that takes one value', () => {
  it.each([
    ['messages', ['list', 'order-events', '--limit', '5', '--limit=6'], '--limit <count>'],
    ['messages', ['list', '--type=A', 'order-events', '--type', 'A'], '--type <type>'],
    ['dead-letters', ['list', '--function', 'order', '--function', 'inventory'], '--function <name>'],
    ['notices', ['send-again', 'x', '--yes', '--reason', 'one', '--reason', 'two'], '--reason <text>'],
    ['chaos', ['--seed', '1', '--seed', '2'], '--seed <n>'],
  ])('is refused where it is there twice: %s %j', async (name, args, option) => {
    expect(await ended(name, args)).toEqual({ code: 2, first: `error: option '${option}' is given more than once` });
  });

  it.each([
    ['messages', ['list', 'order-events', '--key', ''], '--key <key>'],
    ['messages', ['show', 'x', '--topic='], '--topic <name>'],
    ['dead-letters', ['list', '--fingerprint', '  '], '--fingerprint <fingerprint>'],
    ['dead-letters', ['edit', 'x', '--file', ''], '--file <file>'],
    ['dead-letters', ['discard', 'x', '--yes', '--reason='], '--reason <text>'],
    ['notices', ['list', '--order', ''], '--order <orderId>'],
    ['chaos', ['--report', ''], '--report <file.html>'],
  ])('is refused where its value is blank: %s %j', async (name, args, option) => {
    expect(await ended(name, args)).toEqual({ code: 2, first: `error: option '${option}' is blank` });
  });
});

describe('an option that lacks its value', () => {
  it.each([
    ['dead-letters', ['discard', 'x', '--reason', '--yes'], '--reason <text>', '--yes'],
    ['notices', ['list', '--order', '--json'], '--order <orderId>', '--json'],
    ['chaos', ['--report', '--help'], '--report <file.html>', '--help'],
  ])('does not take the next option for it: %s %j', async (name, args, option, next) => {
    const first = `error: option '${option}' takes a value, and '${next}' is an option`;

    expect(await ended(name, args)).toEqual({ code: 2, first });
  });
});

describe('an argument', () => {
  it.each([
    ['backup', [' '], 'folder'],
    ['produce', ['order-commands', ''], 'file'],
    ['produce', ['', '-'], 'topic'],
    ['why', [' '], 'id'],
    ['trace', ['\t'], 'key'],
  ])('is refused where it is blank: %s %j', async (name, args, argument) => {
    expect(await ended(name, args)).toEqual({ code: 2, first: `error: argument '${argument}' is blank` });
  });

  it.each([
    ['backup', ['--', '--help'], '--help'],
    ['why', ['--', '-h'], '-h'],
    ['trace', ['--', '--json'], '--json'],
    ['dead-letters', ['replay', '--', '--all'], '--all'],
    ['messages', ['list', '--', '--limit=5'], '--limit=5'],
  ])('is refused where it is an option behind a --: %s %j', async (name, args, option) => {
    expect(await ended(name, args)).toEqual({
      code: 2,
      first: `error: '${option}' is an option, and stands behind -- as if it were none; leave that -- out`,
    });
  });
});

it.each(['yesterday', '2026-02-28', '2026-02-31T12:00Z', '2026-02-29T12:00:00.000Z'])(
  'a place in a topic is a position, or a time on a day that exists, not %s',
  async (place) => {
    expect(await ended('messages', ['list', 'order-events', '--from', place])).toEqual({
      code: 2,
      first:
        `error: option '--from <place>' argument '${place}' is invalid. ` +
        'Use a position, or a time in UTC such as 2026-01-31T12:00Z.',
    });
  },
);

it.each([
  ['status', [], 'ill-formed \uFFFD'],
  ['messages', ['list', 'order-events'], 'two\nlines'],
  ['trace', ['ORDER_001'], 'a token of words'],
  ['dead-letters', ['list'], 'Tür'],
  ['notices', ['list'], '€'],
])('an operations token that cannot be sent is named: %s %j', async (name, args, token) => {
  expect(await ended(name, args, { OPERATIONS_TOKEN: token })).toEqual({
    code: 1,
    first: 'OPERATIONS_TOKEN: must have 1 to 256 visible ASCII characters',
  });
});
