/** Shows the dead letters of a running store, and lets a person decide about them. Without --yes nothing is changed. */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { functionNames } from '../../saga/choreography.ts';
import { DeadLettersClient } from './dead-letters-client.ts';
import { batchLines, deadLetterText, groupsTable, listOf, painterFor, resolvedText } from './dead-letters-view.ts';
import { runAsMain, StoreError, type Terminal } from './store-client.ts';

const HELP = `
Examples:
  npm run dead-letters list                                  what is open
  npm run dead-letters -- list --groups                       by what went wrong
  npm run dead-letters -- show 0123456789ab
  npm run dead-letters -- replay 0123456789ab                  a dry run: what would happen
  npm run dead-letters -- replay 0123456789ab --yes --reason "the bug is fixed"
  npm run dead-letters -- replay --fingerprint 89ab01234567 --yes --reason "the bug is fixed"
  npm run dead-letters -- edit 0123456789ab --data '{"productId": "PRODUCT_001", "quantity": 2, "name": null}'

The store is looked for at GATEWAY_URL, else at GATEWAY_PORT (8900) of this machine. OPERATIONS_TOKEN is shown to it.`;

/** Letters in one round of replays. */
const ROUND = 100;

interface Options {
  readonly function?: string;
  readonly code?: string;
  readonly fingerprint?: string;
  readonly limit?: string;
  readonly all?: boolean;
  readonly groups?: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly perSecond?: string;
  readonly who?: string;
  readonly reason?: string;
  readonly data?: string;
  readonly file?: string;
}

/** @throws StoreError where the store does not answer or answers with a problem, or a replay fails */
export async function deadLetters(args: readonly string[], terminal: Terminal): Promise<void> {
  const program = new Command('dead-letters')
    .description('Shows the dead letters of a running store, and decides about them.')
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  filters(program.command('list').description('letters that wait for a decision'))
    .option('--all', 'whatever became of them')
    .option('--groups', 'by what went wrong, in all functions')
    .option('--limit <count>', 'so many of each function', '50')
    .action((options: Options) => list(options, terminal));
  common(program.command('show').description('all that is in a letter').argument('<letter>')).action(
    (letter: string, options: Options) => show(letter, options, terminal),
  );
  deciding(filters(program.command('replay').description('try one again, a group, or all').argument('[letter]')))
    .option('--all', 'all open letters')
    .option('--force', 'also past the limits on replays')
    .option('--per-second <count>', 'no faster than this')
    .action((letter: string | undefined, options: Options) => replay(letter, options, terminal));
  deciding(common(program.command('edit').description('put a message with other data in its place')))
    .addArgument(new Argument('<letter>'))
    .option('--data <json>', 'the new data')
    .option('--file <file>', 'a file with the new data')
    .action((letter: string, options: Options) => edit(letter, options, terminal));
  for (const [action, description] of Object.entries(closing)) {
    deciding(common(program.command(action).description(description)))
      .addArgument(new Argument('<letter>'))
      .action((letter: string, options: Options) => decide(action, letter, options, {}, terminal));
  }
  await program.parseAsync([...args], { from: 'user' });
}

const closing = {
  discard: 'never handle it; what waits behind it goes on',
  compensate: 'cancel its order, which tells the customer the reason, then discard it',
} as const;

function common(command: Command): Command {
  return command
    .addOption(new Option('--function <name>', 'of this function').choices(functionNames))
    .option('--json', 'print what the store answers');
}

function filters(command: Command): Command {
  return common(command)
    .option('--code <code>', 'of this code, such as failed')
    .option('--fingerprint <fingerprint>', 'of this group');
}

function deciding(command: Command): Command {
  return command
    .option('--yes', 'do it; without this nothing is changed')
    .option('--dry-run', 'only show what would happen, also with --yes')
    .option('--who <name>', 'who decides', userInfo().username)
    .option('--reason <text>', 'why; needed with --yes');
}

async function list(options: Options, terminal: Terminal): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  if (options.groups === true) {
    const groups = await client.groups();
    terminal.out(options.json === true ? JSON.stringify({ groups }, null, 2) : groupsTable(groups));
    return;
  }
  const { code, fingerprint, limit } = options;
  const query = { code, fingerprint, limit, status: options.all === true ? 'all' : 'open' };
  const pages = await Promise.all(namesIn(options).map((name) => client.list(name, query)));
  const found = pages.flatMap((page) => page.letters);
  terminal.out(options.json === true ? JSON.stringify({ letters: found }, null, 2) : listOf(found));
  if (options.json !== true && pages.some(({ hasMore }) => hasMore))
    terminal.out('There are more; --limit takes up to 200.');
}

async function show(letter: string, options: Options, terminal: Terminal): Promise<void> {
  const found = await new DeadLettersClient(terminal.env).find(letter, options.function);
  terminal.out(options.json === true ? JSON.stringify(found, null, 2) : deadLetterText(found, painterFor(terminal)));
}

async function edit(letter: string, options: Options, terminal: Terminal): Promise<void> {
  const { data, file } = options;
  if ((data === undefined) === (file === undefined)) throw new StoreError('edit needs either --data or --file.');
  const text = data ?? (await contentsOf(file ?? ''));
  await decide('edit', letter, options, { data: parse(text) }, terminal);
}

async function replay(letter: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const { force = false, all = false, code, fingerprint } = options;
  if (letter !== undefined) return decide('replay', letter, options, { force }, terminal);
  if (!all && code === undefined && fingerprint === undefined) {
    throw new StoreError('replay needs a letter, --fingerprint, --code or --all.');
  }
  const body = { ...signed(options), force, code, fingerprint, max: ROUND };
  const perSecond = options.perSecond === undefined ? {} : { perSecond: Number(options.perSecond) };
  for (const name of namesIn(options)) await replayRounds(name, { ...body, ...perSecond }, options, terminal);
  if (isDryRun(options)) sayHow(options, terminal);
}

/** Round after round, until none is left or one of them was stopped. */
async function replayRounds(name: string, body: object, options: Options, terminal: Terminal): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  for (;;) {
    const round = await client.replayMany(name, body);
    const { left, replayed, skipped, stopped, dryRun, waves } = round;
    if (options.json === true) terminal.out(JSON.stringify({ function: name, ...round }));
    else if (dryRun) {
      const sizes = waves.map((wave) => wave.letters).join(', ');
      terminal.out(`${name}: ${left} letters would be replayed${left === 0 ? '' : `, the first in waves of ${sizes}`}`);
    } else for (const line of batchLines(name, round, painterFor(terminal))) terminal.out(line);
    if (stopped !== null) throw new StoreError(`${name}: stopped with ${left} letters left: ${stopped}`);
    if (dryRun || left === 0) return;
    if (replayed === 0)
      throw new StoreError(`${name}: ${left} letters are left, of which ${skipped} may not be replayed.`);
  }
}

async function decide(
  action: string,
  letter: string,
  options: Options,
  more: object,
  terminal: Terminal,
): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  const decided = await client.decide(await client.find(letter, options.function), action, {
    ...signed(options),
    ...more,
  });
  const isJson = options.json === true;
  if (decided.dryRun || action !== 'replay') {
    terminal.out(isJson ? JSON.stringify(decided, null, 2) : resolvedText(action, decided, painterFor(terminal)));
    if (decided.dryRun) sayHow(options, terminal);
    return;
  }
  const tried = await client.tried(decided.letter);
  if (isJson) terminal.out(JSON.stringify(tried, null, 2));
  if (tried.status !== 'replayed') throw new StoreError(`Letter ${letter} is ${tried.status}: ${tried.detail}`);
  if (!isJson) terminal.out(`${painterFor(terminal).green('It has passed')}: letter ${letter} is replayed.`);
}

function isDryRun({ yes = false, dryRun = false }: Options): boolean {
  return dryRun || !yes;
}

function signed(options: Options) {
  const { who = '', reason } = options;
  const dryRun = isDryRun(options);
  if (!dryRun && reason === undefined)
    throw new StoreError('With --yes a --reason is needed: it is kept with the decision.');
  return { who, reason: reason ?? 'a dry run', dryRun };
}

function sayHow({ json }: Options, terminal: Terminal): void {
  if (json !== true) terminal.out('\nThis was a dry run: nothing has changed. To do it, add --yes and --reason.');
}

function namesIn(options: Options): readonly string[] {
  return options.function === undefined ? functionNames : [options.function];
}

async function contentsOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StoreError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new StoreError(`This is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

await runAsMain(import.meta.url, deadLetters);
