/** The project's commands: what each needs done before it, and the program lines it stands for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { run } from './child.mjs';
import { ensureBuilt, ensureInstalled } from './prepare.mjs';
import { failWithoutOutput } from './wanted-output.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The exit code of a store that a test has crashed (`functions/crash.ts`). No other end of it is followed by a start. */
const CRASH_CODE = 86;

const STORE = ['node', 'dist/functions/main.js'];
const BIOME = ['node', 'node_modules/@biomejs/biome/bin/biome'];
const TSC = ['node', 'node_modules/typescript/bin/tsc'];
const KNIP = ['node', 'node_modules/knip/bin/knip.js'];
const VITEST = ['node', 'node_modules/vitest/vitest.mjs', 'run'];

/**
 * What `npm test` runs: every project but those that take minutes (`resilience`) or need more than Node (`faults` a C compiler,
 * `browser` a browser, `engines` Java). By their names, because vitest runs a project that one of several exclusions allows.
 */
const TESTS = [...VITEST, '--project', 'unit', '--project', 'repeated', '--project', 'e2e'];

/**
 * The scenarios that `npm test` leaves to `npm run test-processes`, by their names: those of a store with a process for each part, which
 * also run in one process. One pattern is the other's opposite, so each test runs in one of the two.
 */
const A_PROCESS_EACH = 'a process each';
const testsInProcesses = [...VITEST, '--project', 'e2e', '--testNamePattern', A_PROCESS_EACH];
const quickTests = [...TESTS, '--testNamePattern', `^(?![^]*${A_PROCESS_EACH})`];

/** `npm test` runs the quick tests; with a project, a file or a name of a test it runs all that those choose. */
function testsOf(args) {
  if (args.some((arg) => arg.startsWith('--project'))) return VITEST;
  return args.some((arg) => /^(?!-)|^-t|^--testNamePattern/.test(arg)) ? TESTS : quickTests;
}

const STATIC_CHECKS = [
  [...BIOME, 'check', '--error-on-warnings', '.'],
  // The build's own cache must not learn of a run that writes nothing.
  [...TSC, '-p', '.', '--noEmit', '--incremental', 'false', '--tsBuildInfoFile', 'null'],
  [...TSC, '-p', 'functions/gateway/console/ui'],
  KNIP,
];

/** `readsEnvFile`: it talks to a store, or is a part of one, so `.env` counts. Tests and checks must not depend on it.
 * `endsWithStarter`: it has a channel by which it notices that this process is gone. `restarts`: it is started again where a
 * test has crashed it. */
const commands = {
  start: {
    help: 'start [FUNCTION]         the store, or one function of it: gateway, order, …',
    builds: true,
    readsEnvFile: true,
    endsWithStarter: true,
    restarts: true,
    lines: (args) => [[...STORE, ...args]],
  },
  tool: {
    help: 'tool FILE [args]         a program of dist/, for example dist/e2e/prove/main.js',
    builds: true,
    readsEnvFile: true,
    refusal: ([file = '']) => {
      if (file === '' || file.startsWith('-')) return 'it needs the FILE of a program in dist/';
      // dist/ may not be built yet; then there is the source.
      const source = file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      const isThere = [file, source].some((path) => existsSync(join(root, path)));
      return isThere ? null : `there is no program ${visible(file)}`;
    },
    endsWithStarter: true,
    lines: (args) => [['node', '--enable-source-maps', ...args]],
  },
  test: {
    help: 'test [args]              vitest, with its arguments; the quick tests of unit, repeated and e2e where they choose none',
    lines: (args) => [[...testsOf(args), ...args]],
  },
  processes: {
    help: 'processes [args]         vitest: the scenarios with a process for each function',
    lines: (args) => [[...testsInProcesses, ...args]],
  },
  broker: {
    help: 'broker [args]            a Kafka broker in the background; --stop ends it',
    readsEnvFile: true,
    needsPackages: false,
    lines: (args) => [['node', 'shared/tools/start-kafka-broker.mjs', ...args]],
  },
  check: {
    help: 'check [--no-tests]       format, lint, types, dead code, the quick tests',
    refusal: (args) => surplus(args.filter((arg) => arg !== '--no-tests')),
    lines: (args) => (args.includes('--no-tests') ? STATIC_CHECKS : [...STATIC_CHECKS, quickTests]),
  },
  format: {
    help: 'format                   writes the format and the safe lint fixes',
    refusal: surplus,
    lines: () => [[...BIOME, 'check', '--write', '.']],
  },
  build: {
    help: 'build                    dist/, when a source is newer',
    builds: true,
    refusal: surplus,
    lines: () => [],
  },
  install: {
    help: 'install                  node_modules/, when the lock or Node changed',
    refusal: surplus,
    lines: () => [],
  },
};

/** Why arguments are refused that a command does not take; null where there are none. */
function surplus([first]) {
  return first === undefined ? null : `it takes no ${visible(first)}`;
}

/** An argument as it is printed: no character of it controls the terminal. */
function visible(text) {
  const escaped = (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text.slice(0, 200)).replace(/[^ -~]/g, escaped);
}

/**
 * Does what `npm run` asks for.
 *
 * @param {readonly string[]} argv the command's name and its arguments; `--print` before them prints the program lines
 *   as JSON and runs nothing
 * @returns {Promise<number>} the exit code
 */
export async function main(argv) {
  const isPrint = argv[0] === '--print';
  const [name = 'help', ...args] = isPrint ? argv.slice(1) : argv;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return showHelp(name);
  // Node has put U+FFFD in the place of what is not UTF-8.
  const altered = args.find((arg) => arg.includes('\uFFFD'));
  if (altered !== undefined) {
    console.error(`The argument ${JSON.stringify(altered)} is not UTF-8, so what was typed is lost.`);
    return 2;
  }
  if (command.refusal !== undefined) {
    if (args[0] === '--help' || args[0] === '-h') return showHelp('help');
    const refusal = command.refusal(args);
    if (refusal !== null) return refuse(`${name}: ${refusal}.`);
  }

  const lines = command.lines(args);
  if (isPrint) {
    failWithoutOutput();
    console.log(JSON.stringify(lines));
    return 0;
  }
  const env = environmentOf(name, command);
  const hasPackages = command.needsPackages === false || (await ensureInstalled(root, env));
  if (!hasPackages || (command.builds && !(await ensureBuilt(root, env)))) return 1;
  for (const line of lines) {
    const code = await runLine(line, command, env);
    if (code !== 0) return code;
  }
  return 0;
}

/** Runs one line to its end, and again where it has crashed on request and `restarts`, unless it was told to end before. */
async function runLine(line, { endsWithStarter = false, restarts = false }, env) {
  let isToldToEnd = false;
  const onSignal = () => {
    isToldToEnd = true;
  };
  const code = await run(line, { cwd: root, env, onSignal, hasChannel: endsWithStarter });
  if (code !== CRASH_CODE || !restarts || isToldToEnd) return code;
  console.error(`A test has crashed this process (exit code ${CRASH_CODE}); it is started again.`);
  return runLine(line, { endsWithStarter, restarts }, { ...env, SAGA_STORE_STARTED_MS: String(Date.now()) });
}

function environmentOf(name, { readsEnvFile, restarts }) {
  const file = join(root, '.env');
  const fromFile = readsEnvFile && existsSync(file) ? parseEnv(readEnvFile(file)) : {};
  const env = { ...fromFile, ...process.env, SAGA_STORE_STARTED_MS: String(Math.round(performance.timeOrigin)) };
  if (restarts) env.SAGA_STORE_RESTARTS = 'true';
  if (name === 'start' && env.NODE_ENV !== 'production') env.ENABLE_AUTOMATION ??= 'true';
  return env;
}

function readEnvFile(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // What is wrong with a folder is said without its name.
    if (!error.message.includes(file)) error.message += ` '${file}'`;
    throw error;
  }
}

function showHelp(name) {
  if (!['help', '--help', '-h'].includes(name)) return refuse(`There is no command ${visible(name)}.`);
  failWithoutOutput();
  printHelp(console.log);
  return 0;
}

/** @returns the exit code of a command line that cannot be understood */
function refuse(sentence) {
  console.error(sentence);
  printHelp(console.error);
  return 2;
}

function printHelp(say) {
  say('Usage: node shared/tools/run.mjs COMMAND\n');
  for (const { help } of Object.values(commands)) say(`  ${help}`);
  say('  --print COMMAND          the program lines a command stands for, as JSON');
}
