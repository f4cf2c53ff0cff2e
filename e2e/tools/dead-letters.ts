/** Shows and resolves the dead letters of a running store. Without --yes nothing is changed. */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { functionNames } from '../../saga/choreography.ts';
import { DeadLettersClient } from './dead-letters-client.ts';
import { batchLines, deadLetterText, groupsTable, listOf, painterFor, resolvedText } from './dead-letters-view.ts';
import { runAsMain, StoreError, type Terminal } from './store-client.ts';

const HELP = `
Examples:
  npm run dead-letters list                                  the open ones
  npm run dead-letters -- list --groups                       grouped by cause
  npm run dead-letters -- show 0123456789ab
  npm run dead-letters -- replay 0123456789ab                  a dry run: what would happen
  npm run dead-letters -- replay 0123456789ab --yes --reason "the bug is fixed"
  npm run dead-letters -- replay --fingerprint 89ab01234567 --yes --reason "the bug is fixed"
  npm run dead-letters -- edit 0123456789ab --data '{"productId": "PRODUCT_001", "quantity": 2, "name": null}'

The store is expected at GATEWAY_URL, else at GATEWAY_PORT (8900) of this machine. OPERATIONS_TOKEN is sent to it.`;

/** Dead letters in one round of replays. */
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
    .description('Shows and resolves the dead letters of a running store.')
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  filters(program.command('list').description('list dead letters; open ones by default'))
    .option('--all', 'resolved ones, too')
    .option('--groups', 'grouped by cause, in all functions')
    .option('--limit <count>', 'at most this many per function', '50')
    .action((options: Options) => list(options, terminal));
  common(program.command('show').description('show all of a dead letter').argument('<id>')).action(
    (id: string, options: Options) => show(id, options, terminal),
  );
  resolving(filters(program.command('replay').description('replay one, a group, or all').argument('[id]')))
    .option('--all', 'all open dead letters')
    .option('--force', 'replay past the limits, too')
    .option('--per-second <count>', 'replay no faster than this')
    .action((id: string | undefined, options: Options) => replay(id, options, terminal));
  resolving(common(program.command('edit').description('replace it by a message with other data')))
    .addArgument(new Argument('<id>'))
    .option('--data <json>', 'the new data')
    .option('--file <file>', 'a file with the new data')
    .action((id: string, options: Options) => edit(id, options, terminal));
  for (const [action, description] of Object.entries(closing)) {
    resolving(common(program.command(action).description(description)))
      .addArgument(new Argument('<id>'))
      .action((id: string, options: Options) => resolve(action, id, options, {}, terminal));
  }
  await program.parseAsync([...args], { from: 'user' });
}

const closing = {
  discard: 'never handle it; the messages behind it continue',
  compensate: 'cancel its order, which notifies the customer of the reason, then discard it',
} as const;

function common(command: Command): Command {
  return command
    .addOption(new Option('--function <name>', 'of this function').choices(functionNames))
    .option('--json', 'print the response of the store');
}

function filters(command: Command): Command {
  return common(command)
    .option('--code <code>', 'of this code, such as failed')
    .option('--fingerprint <fingerprint>', 'of this group');
}

function resolving(command: Command): Command {
  return command
    .option('--yes', 'do it; without this nothing is changed')
    .option('--dry-run', 'only show what would happen, also with --yes')
    .option('--who <name>', 'who resolves it', userInfo().username)
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

async function show(id: string, options: Options, terminal: Terminal): Promise<void> {
  const found = await new DeadLettersClient(terminal.env).find(id, options.function);
  terminal.out(options.json === true ? JSON.stringify(found, null, 2) : deadLetterText(found, painterFor(terminal)));
}

async function edit(id: string, options: Options, terminal: Terminal): Promise<void> {
  const { data, file } = options;
  if ((data === undefined) === (file === undefined)) throw new StoreError('edit needs either --data or --file.');
  const text = data ?? (await contentsOf(file ?? ''));
  await resolve('edit', id, options, { data: parse(text) }, terminal);
}

async function replay(id: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const { force = false, all = false, code, fingerprint } = options;
  if (id !== undefined) return resolve('replay', id, options, { force }, terminal);
  if (!all && code === undefined && fingerprint === undefined) {
    throw new StoreError('replay needs a dead letter, --fingerprint, --code or --all.');
  }
  const body = { ...signed(options), force, code, fingerprint, max: ROUND };
  const perSecond = options.perSecond === undefined ? {} : { perSecond: Number(options.perSecond) };
  for (const name of namesIn(options)) await replayRounds(name, { ...body, ...perSecond }, options, terminal);
  if (isDryRun(options)) sayHow(options, terminal);
}

/** Replays round after round, until no dead letter is left or a round is stopped. */
async function replayRounds(name: string, body: object, options: Options, terminal: Terminal): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  for (;;) {
    const round = await client.replayMany(name, body);
    const { left, replayed, skipped, stopped, dryRun, waves } = round;
    if (options.json === true) terminal.out(JSON.stringify({ function: name, ...round }));
    else if (dryRun) {
      const sizes = waves.map((batch) => batch.letters).join(', ');
      terminal.out(
        `${name}: ${left} dead letters would be replayed${left === 0 ? '' : `, the first in batches of ${sizes}`}`,
      );
    } else for (const line of batchLines(name, round, painterFor(terminal))) terminal.out(line);
    if (stopped !== null) throw new StoreError(`${name}: stopped with ${left} dead letters left: ${stopped}`);
    if (dryRun || left === 0) return;
    if (replayed === 0)
      throw new StoreError(`${name}: ${left} dead letters are left, of which ${skipped} cannot be replayed.`);
  }
}

async function resolve(action: string, id: string, options: Options, more: object, terminal: Terminal): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  const resolved = await client.resolve(await client.find(id, options.function), action, {
    ...signed(options),
    ...more,
  });
  const isJson = options.json === true;
  if (resolved.dryRun || action !== 'replay') {
    terminal.out(isJson ? JSON.stringify(resolved, null, 2) : resolvedText(action, resolved, painterFor(terminal)));
    if (resolved.dryRun) sayHow(options, terminal);
    return;
  }
  const tried = await client.tried(resolved.letter);
  if (isJson) terminal.out(JSON.stringify(tried, null, 2));
  if (tried.status !== 'replayed') throw new StoreError(`Dead letter ${id} is ${tried.status}: ${tried.detail}`);
  if (!isJson) terminal.out(`${painterFor(terminal).green('It has passed')}: dead letter ${id} is replayed.`);
}

function isDryRun({ yes = false, dryRun = false }: Options): boolean {
  return dryRun || !yes;
}

function signed(options: Options) {
  const { who = '', reason } = options;
  const dryRun = isDryRun(options);
  if (!dryRun && reason === undefined)
    throw new StoreError('With --yes a --reason is needed: it is stored with the resolution.');
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
