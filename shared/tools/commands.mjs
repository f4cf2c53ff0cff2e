/** The project's commands: what each needs done before it, and the program lines it stands for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { run } from './child.mjs';
import { ensureBuilt, ensureInstalled } from './prepare.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

const STORE = ['node', '--enable-source-maps', 'dist/functions/main.js'];
const BIOME = ['node', 'node_modules/@biomejs/biome/bin/biome'];
const TSC = ['node', 'node_modules/typescript/bin/tsc'];
const KNIP = ['node', 'node_modules/knip/bin/knip.js'];
const VITEST = ['node', 'node_modules/vitest/vitest.mjs', 'run'];

const STATIC_CHECKS = [
  [...BIOME, 'check', '--error-on-warnings', '.'],
  // The build's own cache must not learn of a run that writes nothing.
  [...TSC, '-p', '.', '--noEmit', '--incremental', 'false', '--tsBuildInfoFile', 'null'],
  KNIP,
];

/** `readsEnvFile`: it talks to a store, or is one, so `.env` counts. Tests and checks must not depend on it. */
const commands = {
  start: {
    help: 'start [FUNCTION]         the store, or one function of it: gateway, order, …',
    builds: true,
    readsEnvFile: true,
    lines: (args) => [[...STORE, ...args]],
  },
  tool: {
    help: 'tool FILE [args]         a program of dist/, for example dist/e2e/prove/main.js',
    builds: true,
    readsEnvFile: true,
    lines: (args) => [['node', '--enable-source-maps', ...args]],
  },
  test: { help: 'test [args]              vitest, with its arguments', lines: (args) => [[...VITEST, ...args]] },
  check: {
    help: 'check [--no-tests]       format, lint, types, dead code, tests: what CI runs',
    lines: (args) => (args.includes('--no-tests') ? STATIC_CHECKS : [...STATIC_CHECKS, VITEST]),
  },
  format: {
    help: 'format                   writes the format and the safe lint fixes',
    lines: () => [[...BIOME, 'check', '--write', '.']],
  },
  build: { help: 'build                    dist/, when a source is newer', builds: true, lines: () => [] },
  install: { help: 'install                  node_modules/, when the lock or Node changed', lines: () => [] },
};

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

  const lines = command.lines(args);
  if (isPrint) {
    console.log(JSON.stringify(lines));
    return 0;
  }
  const env = environmentOf(name, command);
  if (!(await ensureInstalled(root, env)) || (command.builds && !(await ensureBuilt(root, env)))) return 1;
  for (const line of lines) {
    const code = await run(line, { cwd: root, env });
    if (code !== 0) return code;
  }
  return 0;
}

function environmentOf(name, { readsEnvFile }) {
  const file = join(root, '.env');
  const fromFile = readsEnvFile && existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const env = { ...fromFile, ...process.env, SAGA_STORE_STARTED_MS: String(Math.round(performance.timeOrigin)) };
  if (name === 'start' && env.NODE_ENV !== 'production') env.ENABLE_AUTOMATION ??= 'true';
  return env;
}

function showHelp(name) {
  const isHelp = ['help', '--help', '-h'].includes(name);
  const say = isHelp ? console.log : console.error;
  if (!isHelp) say(`There is no command "${name}".`);
  say('Usage: node shared/tools/run.mjs COMMAND\n');
  for (const { help } of Object.values(commands)) say(`  ${help}`);
  say('  --print COMMAND          the program lines a command stands for, as JSON');
  return isHelp ? 0 : 1;
}
