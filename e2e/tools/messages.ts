/** `npm run messages`: shows what lies in the topics of a running store, and who has read a message. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { utcTimeOf } from '../../shared/core/utc-time.ts';
import type { MessagesBody } from '../../shared/runtime/inspect/representation.ts';
import type { FoundMessageBody } from '../../shared/runtime/inspect/trace-representation.ts';
import { exampleLines, idText, jsonText, runAsMain, runCommand, toolCommand, wholeNumber } from './command-line.ts';
import { messagesTable, messageText } from './inspect-view.ts';
import { operations, PLACE_HELP, queryOf } from './operations-client.ts';
import { scriptFor, type Terminal } from './store-client.ts';

const LIMIT_MAX = 200;
const POSITION_MAX = 9_999_999_999;
const PARTITION_MAX = 999_999;

interface ListOptions {
  readonly type?: string;
  readonly key?: string;
  readonly partition?: number;
  readonly from?: string;
  readonly order?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

interface ShowOptions {
  readonly topic?: string;
  readonly position?: number;
  readonly key?: string;
  readonly json?: boolean;
}

/** @throws StoreError where the store does not answer, or has no such topic or message; UsageError */
export async function messages(args: readonly string[], terminal: Terminal): Promise<void> {
  const program = toolCommand('messages', terminal)
    .description('Shows what lies in the topics of a running store, and who has read a message.')
    .addHelpText('after', `\n${helpFor(terminal.env)}\n\n${PLACE_HELP}`);
  listCommand(program).action((topic: string, options: ListOptions) => list(topic, options, terminal));
  program
    .command('show')
    .description('show one message, and who has read it')
    .argument('<id>', 'the message', idText)
    .option('--topic <name>', 'the topic in which it lies')
    .option('--position <number>', 'its position there', wholeNumber(0, POSITION_MAX))
    .option('--key <key>', 'its partition key: with it an old message is found, too')
    .option('--json', 'print the answer of the store')
    .action((id: string, options: ShowOptions) => show(id, options, terminal));
  await runCommand(program, args, terminal);
}

function helpFor(env: Terminal['env']): string {
  return exampleLines(env, 'messages', [
    ['list order-events', 'the newest ones'],
    ['list inventory-events --key ORDER_001'],
    ['list order-events --from 2026-01-31T12:00Z', 'from then on'],
    ['show 0198c6f0-5c1e-8a3b-9d2f-2f1a8f3f5b11 --key ORDER_001'],
  ]);
}

function listCommand(program: Command): Command {
  return program
    .command('list')
    .description('list the messages of a topic: the newest ones, or those from a place on')
    .argument('<topic>', 'the topic, such as order-events', idText)
    .option('--type <type>', 'only messages of this type')
    .option('--key <key>', 'only messages of this partition key')
    .option('--partition <number>', 'only this partition', wholeNumber(0, PARTITION_MAX))
    .option('--from <place>', 'begin at this position, or this time in UTC', placeText)
    .addOption(
      new Option('--order <order>', 'asc: the oldest first, as after --from; or desc').choices(['asc', 'desc']),
    )
    .option('--limit <count>', 'at most this many, up to 200', wholeNumber(1, LIMIT_MAX), 20)
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--json', 'print the answer of the store');
}

function placeText(text: string): string {
  if (/^\d+$/.test(text) || utcTimeOf(text) !== null) return text;
  throw new InvalidArgumentError('Use a position, or a time in UTC such as 2026-01-31T12:00Z.');
}

async function list(topic: string, { json = false, ...options }: ListOptions, terminal: Terminal): Promise<void> {
  const query = { ...options, order: options.order ?? (options.from === undefined ? undefined : 'asc') };
  const path = `topics/${encodeURIComponent(topic)}/messages${queryOf({ ...query })}`;
  const page = await operations<MessagesBody>(path, ['messages', 'scanned'], terminal.env);
  if (json) return terminal.out(jsonText(page));
  terminal.out(messagesTable(page.messages, terminal));
  const cursor = cursorOf(page);
  if (cursor === null) return;
  const given = Object.entries({ ...query, cursor }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  terminal.out(
    `\n${page.scanned} looked at; to go on: ${scriptFor(terminal.env, 'messages', 'list', topic, ...given)}`,
  );
}

function cursorOf({ _links }: MessagesBody): string | null {
  const next = _links?.['next']?.href;
  return next === undefined ? null : new URL(next, 'http://store').searchParams.get('cursor');
}

async function show(id: string, { json = false, ...hints }: ShowOptions, terminal: Terminal): Promise<void> {
  const path = `messages/${encodeURIComponent(id)}${queryOf({ ...hints })}`;
  const found = await operations<FoundMessageBody>(path, ['message', 'reads', 'away'], terminal.env);
  terminal.out(json ? jsonText(found) : messageText(found, terminal));
}

await runAsMain(import.meta.url, messages);
