/** Shows and resolves the dead letters of a running store. Without --yes nothing is changed. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { functionNames } from '../../saga/choreography.ts';
import { printable, printableLines } from '../../shared/core/printable.ts';
import {
  exampleLines,
  idText,
  jsonText,
  runAsMain,
  runCommand,
  toolCommand,
  userName,
  wholeNumber,
} from './command-line.ts';
import { DeadLettersClient } from './dead-letters-client.ts';
import { batchLines, deadLetterText, groupsTable, listOf, painterFor, resolvedText } from './dead-letters-view.ts';
import { PLACE_HELP } from './operations-client.ts';
import { StoreError, type Terminal, UsageError } from './store-client.ts';
import { jsonIn, textOfFile } from './text-input.ts';

function helpFor(env: Terminal['env']): string {
  const reason = '--yes --reason "the bug is fixed"';
  const examples: readonly (readonly [args: string, what?: string])[] = [
    ['list', 'the open ones'],
    ['list --groups', 'grouped by cause'],
    ['show 0123456789ab'],
    ['replay 0123456789ab', 'a dry run: what would happen'],
    [`replay 0123456789ab ${reason}`],
    [`replay --fingerprint 89ab01234567 ${reason}`],
    [`edit 0123456789ab --data '{"productId": "PRODUCT_001", "quantity": 2, "name": null}'`],
  ];
  return `
${exampleLines(env, 'dead-letters', examples)}

${PLACE_HELP}
Exit codes: 0 done, 1 refused or failed, 2 a command line that cannot be understood.`;
}

/** Dead letters in one round of replays. */
const ROUND = 100;
const LIMIT_MAX = 200;
const PER_SECOND_MAX = 10_000;

interface Options {
  readonly function?: string;
  readonly code?: string;
  readonly fingerprint?: string;
  readonly limit?: number;
  readonly all?: boolean;
  readonly groups?: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly perSecond?: number;
  readonly who?: string;
  readonly reason?: string;
  readonly data?: string;
  readonly file?: string;
}

/** @throws StoreError where the store does not answer or answers with a problem, or a replay fails */
export async function deadLetters(args: readonly string[], terminal: Terminal): Promise<void> {
  const program = toolCommand('dead-letters', terminal)
    .description('Shows and resolves the dead letters of a running store.')
    .addHelpText('after', helpFor(terminal.env));
  filters(program.command('list').description('list dead letters; open ones by default'))
    .option('--all', 'resolved ones, too')
    .option('--groups', 'grouped by cause, in all functions')
    .option('--limit <count>', 'at most this many per function, up to 200', wholeNumber(1, LIMIT_MAX), 50)
    .action((options: Options) => list(options, terminal));
  common(
    program.command('show').description('show all of a dead letter').argument('<id>', 'the dead letter', idText),
  ).action((id: string, options: Options) => show(id, options, terminal));
  resolving(
    filters(
      program.command('replay').description('replay one, a group, or all').argument('[id]', 'the dead letter', idText),
    ),
  )
    .option('--all', 'all open dead letters')
    .option('--force', 'replay past the limits, too')
    .option('--per-second <count>', 'replay no faster than this', perSecondOf)
    .action((id: string | undefined, options: Options) => replay(id, options, terminal));
  resolving(common(program.command('edit').description('replace it with a message that has other data')))
    .addArgument(new Argument('<id>').argParser(idText))
    .option('--data <json>', 'the new data')
    .option('--file <file>', 'a file with the new data')
    .action((id: string, options: Options) => edit(id, options, terminal));
  for (const [action, description] of Object.entries(closing)) {
    resolving(common(program.command(action).description(description)))
      .addArgument(new Argument('<id>').argParser(idText))
      .action((id: string, options: Options) => resolve(action, id, options, {}, terminal));
  }
  await runCommand(program, args, terminal);
}

function perSecondOf(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= PER_SECOND_MAX) return value;
  throw new InvalidArgumentError(`Use a number above 0, at most ${PER_SECOND_MAX}.`);
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
    .option('--who <name>', 'who resolves it', userName())
    .option('--reason <text>', 'why; needed with --yes');
}

async function list(options: Options, terminal: Terminal): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  if (options.groups === true) {
    const { all, function: name, code, fingerprint } = options;
    refuseWith({ '--all': all, '--function': name, '--code': code, '--fingerprint': fingerprint }, 'list --groups');
    const groups = await client.groups();
    terminal.out(options.json === true ? jsonText({ groups }) : groupsTable(groups, terminal));
    return;
  }
  const { code, fingerprint, limit = 50 } = options;
  const query = { code, fingerprint, limit: String(limit), status: options.all === true ? 'all' : 'open' };
  const pages = await Promise.all(namesIn(options).map((name) => client.list(name, query)));
  const found = pages.flatMap((page) => page.letters);
  terminal.out(options.json === true ? jsonText({ letters: found }) : listOf(found, terminal));
  if (options.json !== true && pages.some(({ hasMore }) => hasMore))
    terminal.out('There are more; --limit takes up to 200.');
}

/** @throws UsageError naming the options that are given and do not go with `what` */
function refuseWith(options: Readonly<Record<string, unknown>>, what: string): void {
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  if (given.length > 0) throw new UsageError(`${what} takes no ${given.join(' and no ')}.`);
}

async function show(id: string, options: Options, terminal: Terminal): Promise<void> {
  const found = await new DeadLettersClient(terminal.env).find(id, options.function);
  terminal.out(options.json === true ? jsonText(found) : deadLetterText(found, painterFor(terminal)));
}

async function edit(id: string, options: Options, terminal: Terminal): Promise<void> {
  const { data, file } = options;
  if ((data === undefined) === (file === undefined)) throw new UsageError('edit needs either --data or --file.');
  const text = data ?? (await textOfFile(file ?? ''));
  await resolve('edit', id, options, { data: jsonIn(text, file ?? '--data') }, terminal);
}

async function replay(id: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const { force = false, all = false, code, fingerprint } = options;
  const ofMany = {
    '--all': options.all,
    '--code': code,
    '--fingerprint': fingerprint,
    '--per-second': options.perSecond,
  };
  if (id !== undefined) refuseWith(ofMany, 'replay of one dead letter');
  if (id !== undefined) return resolve('replay', id, options, { force }, terminal);
  if (!all && code === undefined && fingerprint === undefined) {
    throw new UsageError('replay needs a dead letter, --fingerprint, --code or --all.');
  }
  const body = { ...signed(options), force, code, fingerprint, max: ROUND };
  const perSecond = options.perSecond === undefined ? {} : { perSecond: options.perSecond };
  for (const name of namesIn(options)) await replayRounds(name, { ...body, ...perSecond }, options, terminal);
  if (isDryRun(options)) sayHow(options, terminal);
}

/** Replays round after round, until no dead letter is left or a round is stopped. */
async function replayRounds(name: string, body: object, options: Options, terminal: Terminal): Promise<void> {
  const client = new DeadLettersClient(terminal.env);
  for (;;) {
    const round = await client.replayMany(name, body);
    const { left, replayed, skipped, stopped, dryRun, waves } = round;
    if (options.json === true) terminal.out(jsonText({ function: name, ...round }, 0));
    else if (dryRun) {
      const sizes = waves.map((batch) => batch.letters).join(', ');
      terminal.out(
        `${name}: ${left} dead letters would be replayed${left === 0 ? '' : `, the first in batches of ${sizes}`}`,
      );
    } else for (const line of batchLines(name, round, painterFor(terminal))) terminal.out(line);
    if (stopped !== null)
      throw new StoreError(`${name}: stopped with ${left} dead letters left: ${printableLines(stopped)}`);
    if (dryRun || left === 0) return;
    if (replayed === 0)
      throw new StoreError(`${name}: ${left} dead letters are left, of which ${skipped} cannot be replayed.`);
  }
}

async function resolve(action: string, id: string, options: Options, more: object, terminal: Terminal): Promise<void> {
  const body = { ...signed(options), ...more };
  const client = new DeadLettersClient(terminal.env);
  const resolved = await client.resolve(await client.find(id, options.function), action, body);
  const isJson = options.json === true;
  if (resolved.dryRun || action !== 'replay') {
    terminal.out(isJson ? jsonText(resolved) : resolvedText(action, resolved, painterFor(terminal)));
    if (resolved.dryRun) sayHow(options, terminal);
    return;
  }
  const tried = await client.tried(resolved.letter);
  if (isJson) terminal.out(jsonText(tried));
  const what = `dead letter ${printable(id)} is ${printable(tried.status)}`;
  if (tried.status !== 'replayed') throw new StoreError(`D${what.slice(1)}: ${printableLines(tried.detail)}`);
  if (!isJson) terminal.out(`${painterFor(terminal).green('It has passed')}: ${what}.`);
}

function isDryRun({ yes = false, dryRun = false }: Options): boolean {
  return dryRun || !yes;
}

function signed(options: Options) {
  const { who = '', reason } = options;
  const dryRun = isDryRun(options);
  if (!dryRun && reason === undefined)
    throw new UsageError('With --yes a --reason is needed: it is stored with the resolution.');
  return { who, reason: reason ?? 'a dry run', dryRun };
}

function sayHow({ json }: Options, terminal: Terminal): void {
  if (json !== true) terminal.out('\nThis was a dry run: nothing has changed. To do it, add --yes and --reason.');
}

function namesIn(options: Options): readonly string[] {
  return options.function === undefined ? functionNames : [options.function];
}

await runAsMain(import.meta.url, deadLetters);
