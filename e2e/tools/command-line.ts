/**
 * The command line of every tool: exit code 0 for done, 1 for refused or failed, 2 for a command line that cannot be understood.
 * What was asked for goes to standard output, everything else to standard error.
 */
import { userInfo } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { watchStarter } from '../../functions/starter.ts';
import { AppError, ConfigError } from '../../shared/core/errors.ts';
import { printableJson, printableLines } from '../../shared/core/printable.ts';
import { wasReplaced } from '../../shared/core/well-formed.ts';
import { describeError } from '../../shared/runtime/observe/error-report.ts';
import { StoreError, scriptFor, type Terminal, UsageError } from './store-client.ts';

/** The help was asked for and is printed; there is nothing else to do. */
class HelpShown extends Error {}

/** A command that prints to `terminal` and throws instead of ending the process. */
export function toolCommand(name: string, terminal: Terminal): Command {
  return new Command(name)
    .allowExcessArguments(false)
    .exitOverride(({ exitCode }) => {
      throw exitCode === 0 ? new HelpShown() : new UsageError('');
    })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
}

/**
 * Parses the arguments, without the program's own name.
 * @throws {HelpShown} @throws {UsageError} after what is wrong was printed, with the usage
 */
export function parseArguments(command: Command, args: readonly string[], terminal: Terminal): void {
  prepare(command, terminal);
  command.parse([...args], { from: 'user' });
}

/** Parses the arguments and runs the action that they name, if any: after `--help` it returns. */
export async function runCommand(command: Command, args: readonly string[], terminal: Terminal): Promise<void> {
  prepare(command, terminal);
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof HelpShown)) throw error;
  }
}

function prepare(command: Command, { env, err }: Terminal): void {
  showUsageAfterErrors(command);
  refuseWhatIsLost(command);
  command.hook('preAction', (_, action) => assertArguments(action));
  const kept = [...optionsOf(command)].filter(([name]) => env[`npm_config_${name.slice(2).replaceAll('-', '_')}`]);
  // npm says what it has read as its own settings; other package managers pass all on.
  if (kept.length === 0 || !env['npm_config_user_agent']?.startsWith('npm/')) return;
  const how = scriptFor(env, command.name(), ...kept.map(([name, value]) => name + value));
  err(`npm has taken ${kept.map(([name]) => name).join(' and ')} for itself. Options come after --, as in: ${how}`);
}

/** The long names of the options of a command and of those below it, each with a mark where it has a value. */
function optionsOf({ options, commands }: Command): ReadonlyMap<string, string> {
  const own = options.map(({ long, required }): [string, string] => [long ?? '', required ? ' …' : '']);
  return new Map([...own, ...commands.flatMap((each) => [...optionsOf(each)])]);
}

function showUsageAfterErrors(command: Command): void {
  const usage = command.createHelp().commandUsage(command);
  command.showHelpAfterError(`Usage: ${usage}\nWith --help it says more.`);
  for (const each of command.commands) showUsageAfterErrors(each);
}

/**
 * Of an option that is there twice one value would be lost, a blank one is a variable that is not set, and one that lacks its
 * value has taken the next option for it.
 */
function refuseWhatIsLost(command: Command): void {
  const flags = flagsOf(command);
  for (const option of command.options.filter(({ required }) => required)) {
    let isGiven = false;
    command.on(`option:${option.name()}`, (value: string) => {
      if (isGiven) command.error(`error: option '${option.flags}' is given more than once`);
      if (value.trim() === '') command.error(`error: option '${option.flags}' is blank`);
      if (flags.includes(value))
        command.error(`error: option '${option.flags}' takes a value, and '${value}' is an option`);
      isGiven = true;
    });
  }
  command.commands.forEach(refuseWhatIsLost);
}

/** npm needs a `--` before options, and other package managers pass it on: what was an option then is an argument. */
function assertArguments(command: Command): void {
  const flags = flagsOf(command);
  command.args.forEach((arg, at) => {
    if (flags.includes(arg.split('=', 1)[0])) {
      command.error(`error: '${arg}' is an option, and stands behind -- as if it were none; leave that -- out`);
    }
    if (arg.trim() === '') command.error(`error: argument '${command.registeredArguments[at]?.name()}' is blank`);
  });
}

function flagsOf({ options }: Command): readonly (string | undefined)[] {
  return ['--help', '-h', ...options.flatMap(({ long, short }) => [long, short])];
}

/** The parser of an option that takes a whole number. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
  };
}

/** The parser of an id, which becomes a part of a path: an empty one, or one of dots, would name another path. */
export function idText(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new InvalidArgumentError('This is not an id.');
  return text;
}

/** The user of this machine, as who does something; a container may have no name for it. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** A value as JSON that a terminal can show. */
export function jsonText(value: unknown, indent = 2): string {
  return printableJson(JSON.stringify(value, null, indent));
}

/** Examples of a tool's help, as its reader calls them; `what` an example does stands behind it. */
export function exampleLines(
  env: Terminal['env'],
  script: string,
  examples: readonly (readonly [args: string, what?: string])[],
): string {
  const commands = examples.map(([args]) => scriptFor(env, script, ...args.split(' ')));
  // Beyond it a command is long, and what it does has no place beside it.
  const width = Math.max(...commands.filter((_, n) => examples[n]?.[1] !== undefined).map(({ length }) => length));
  const lines = commands.map((command, n) => `  ${command.padEnd(width)}   ${examples[n]?.[1] ?? ''}`.trimEnd());
  return ['Examples:', ...lines].join('\n');
}

/** Prints why a tool ends early. @returns its exit code */
export function exitCodeOf(error: unknown, terminal: Terminal): number {
  if (error instanceof HelpShown) return 0;
  const text = isExpected(error) ? error.message : describeError(error);
  if (text !== '') terminal.err(text);
  return error instanceof UsageError ? 2 : 1;
}

/** Trouble that its message explains: no bug, so no stack. */
function isExpected(error: unknown): error is Error {
  if (error instanceof StoreError || error instanceof AppError || error instanceof ConfigError) return true;
  return error instanceof Error && ('syscall' in error || error.name === 'SqliteError');
}

type Tool = (args: readonly string[], terminal: Terminal) => Promise<number> | Promise<void> | number;

/**
 * Runs `tool` with the real terminal when Node was started with the module at `moduleUrl`. It is told to end when what started
 * it is gone. `endsAtOnce`: the process ends with the tool, whatever it has left open.
 */
export async function runAsMain(moduleUrl: string, tool: Tool, { endsAtOnce = false } = {}): Promise<void> {
  const [, file, ...args] = process.argv;
  if (file === undefined || pathToFileURL(file).href !== moduleUrl) return;
  const terminal = realTerminal();
  watchStarter();
  try {
    const altered = args.find(wasReplaced);
    if (altered !== undefined) {
      throw new UsageError(`The argument ${JSON.stringify(altered)} is not UTF-8, so what was typed is lost.`);
    }
    process.exitCode = (await tool(args, terminal)) ?? 0;
  } catch (error) {
    process.exitCode = exitCodeOf(error, terminal);
  }
  if (!endsAtOnce) return;
  // What cannot be written is only known later, and must not pass for done.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
  );
  process.exit();
}

function realTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  stdout.on('error', (error) => endWithout('The output', error));
  stderr.on('error', (error) => endWithout('A message', error));
  const isTty = stdout.isTTY === true;
  return {
    env,
    isTty,
    columns: isTty && stdout.columns > 0 ? stdout.columns : undefined,
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${printableLines(text)}\n`),
  };
}

/** A reader that has closed its end (`| head -1`) has all that it wants; output that cannot be written is a failure. */
function endWithout(what: string, error: Error): never {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  if (what === 'The output') process.stderr.write(`${what} cannot be written: ${error.message}\n`);
  process.exit(1);
}
