/**
 * Brings a checkout to where a command can run: packages installed for this lock and this Node, `dist/` built from these
 * sources. When there is nothing to do it says nothing and takes a few milliseconds.
 *
 * Several terminals may start functions of one fresh clone at once; one of them works and the others wait for it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from './child.mjs';
import { fingerprintOf, whatIsMissing } from './installed.mjs';
import { takeNote, writerOf } from './process-note.mjs';

const YARN = ['npx', '-y', '@yarnpkg/cli-dist@4.18.1'];
const BINDING = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';
const INSTALL_STAMP = 'node_modules/.saga-store-stamp';
/** What a build makes, and of what. Each has a stamp of its own: a change of one leaves the others as they are. */
const BUILDS = [
  {
    stamp: 'dist/.saga-store-stamp',
    sources: [
      ...['saga', 'functions', 'shared', 'seed', 'e2e', 'tsconfig.json', 'package.json'],
      ...['shared/tools/build-server.mjs', 'shared/tools/compile-server.mjs'],
    ],
    lines: [
      ['node', 'node_modules/typescript/bin/tsc', '-p', '.'],
      ['node', 'shared/tools/build-server.mjs'],
      ['node', 'shared/tools/compile-server.mjs'],
    ],
  },
  {
    stamp: 'dist/.console-stamp',
    sources: ['functions/gateway/console/ui', 'shared/tools/build-console.mjs', 'package.json'],
    lines: [['node', 'shared/tools/build-console.mjs']],
  },
];
const SOURCE = /\.(?:tsx?|css|html)$/;
const LOCK_POLL_MS = 100;
const LOCK_SILENT_TRIES = 10;
const PROGRESS_MS = 10_000;
/** Exit codes above it say that a signal ended the program. */
const SIGNALLED = 128;

/**
 * Installs what is missing. What npm or yarn has installed is taken as it is when it is complete.
 *
 * @returns {Promise<boolean>} false where it failed; what to do has been said
 */
export async function ensureInstalled(root, env) {
  return isStamped(root) || underLock(root, () => isStamped(root) || complete(root, env));
}

/** @returns {Promise<boolean>} false where it failed; the compiler's messages have been shown */
export async function ensureBuilt(root, env) {
  return isBuilt(root) || underLock(root, () => isBuilt(root) || build(root, env));
}

/** Whether nothing has changed since the packages were found complete. */
function isStamped(root) {
  return readOr(join(root, INSTALL_STAMP), '') === installStamp(root);
}

/** What was found complete: these packages, and a native part that this Node has loaded. */
function installStamp(root) {
  const { size = 0, mtimeMs = 0 } = statSync(join(root, BINDING), { throwIfNoEntry: false }) ?? {};
  const { platform, arch, versions } = process;
  return `${fingerprintOf(root)} ${platform}-${arch} ABI ${versions.modules} ${size} ${mtimeMs}\n`;
}

async function complete(root, env) {
  const missing = whatIsMissing(root);
  if (missing === null) return ensureBinding(root, env);
  if (existsSync(join(root, 'node_modules/better-sqlite3')))
    console.error(`The packages are not complete: ${missing}.`);
  return install(root, env);
}

/** All packages are there. A native part that is missing, or is made for another Node, is compiled anew. */
async function ensureBinding(root, env) {
  if (!(await bindingLoads(root, env))) {
    const { code } = await progress('compiling better-sqlite3', (onOutput) =>
      run(['npm', 'rebuild', 'better-sqlite3'], { cwd: root, env, onOutput }),
    );
    if (code > SIGNALLED) return false;
    if (!(await bindingLoads(root, env))) return install(root, env);
  }
  writeFileSync(join(root, INSTALL_STAMP), installStamp(root));
  return true;
}

async function install(root, env) {
  const installEnv = { ...env };
  // Under production settings the compiler and the tests would be left out.
  delete installEnv.NODE_ENV;
  const yarn = (what, ...args) =>
    progress(what, (onOutput) => run([...YARN, ...args], { cwd: root, env: installEnv, onOutput }));

  const installed = await yarn('installing packages', 'install', '--immutable');
  // It was told to stop: nothing is missing for that.
  if (installed.code > SIGNALLED) return false;
  if (installed.code !== 0) {
    console.error(installed.text);
    console.error(
      existsSync(join(root, 'node_modules/better-sqlite3')) && !existsSync(join(root, BINDING))
        ? bindingAdvice
        : registryAdvice,
    );
    return false;
  }
  if (!(await bindingLoads(root, env))) {
    // Yarn takes its own last build for good, also where the file is gone or was made for another Node.
    const rebuilt = await yarn('compiling better-sqlite3', 'rebuild', 'better-sqlite3');
    if (rebuilt.code > SIGNALLED) return false;
    if (rebuilt.code !== 0 || !(await bindingLoads(root, env))) {
      console.error(rebuilt.text);
      console.error(bindingAdvice);
      return false;
    }
  }
  writeFileSync(join(root, INSTALL_STAMP), installStamp(root));
  return true;
}

async function bindingLoads(root, env) {
  const line = ['node', '-e', "new (require('better-sqlite3'))(':memory:')"];
  return (await run(line, { cwd: root, env, onOutput: () => undefined })) === 0;
}

const registryAdvice =
  'The packages could not be installed. Is the npm registry reachable? Then run the same command again.';

const bindingAdvice = `The native part of better-sqlite3 is missing: no prebuilt one could be fetched, and compiling it failed.
It needs Python 3, make and a C++ compiler:
  Debian, Ubuntu   apt-get install python3 make g++
  macOS            xcode-select --install
  Windows          Visual Studio Build Tools with "Desktop development with C++"
Then run the same command again, or only this step: ${[...YARN, 'rebuild', 'better-sqlite3'].join(' ')}`;

function isBuilt(root) {
  return BUILDS.every((each) => isUpToDate(root, each));
}

function isUpToDate(root, { stamp, sources }) {
  const builtMs = mtimeOr(join(root, stamp), 0);
  return builtMs > 0 && sources.every((source) => newestMs(join(root, source)) < builtMs);
}

/** The newest change below `path`. Folders count too: taking a file away changes only its folder. */
function newestMs(path) {
  const own = statSync(path, { throwIfNoEntry: false });
  if (own === undefined) return 0;
  if (!own.isDirectory()) return own.mtimeMs;
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || SOURCE.test(entry.name))
    .reduce((newest, entry) => Math.max(newest, newestMs(join(path, entry.name))), own.mtimeMs);
}

async function build(root, env) {
  // A source saved while the compiler runs is newer than the stamp, so it is built the next time.
  const startedMs = Date.now();
  const due = BUILDS.filter((each) => !isUpToDate(root, each));
  const output = await progress('building', async (onOutput) =>
    Math.max(...(await Promise.all(due.map(({ lines }) => runAll(lines, { cwd: root, env, onOutput }))))),
  );
  if (output.code > SIGNALLED) return false;
  if (output.code !== 0) {
    console.error(output.text);
    console.error('The build failed; nothing was started.');
    return false;
  }
  for (const stamp of due.map((each) => join(root, each.stamp))) {
    writeFileSync(stamp, '');
    utimesSync(stamp, startedMs / 1000, startedMs / 1000);
  }
  return true;
}

/** One after the other, until one fails. @returns {Promise<number>} the exit code of the last one that ran */
async function runAll(lines, options) {
  for (const line of lines) {
    const code = await run(line, options);
    if (code !== 0) return code;
  }
  return 0;
}

/** Says on stderr that `what` is going on, each 10 s that it still is, and how long it took. */
async function progress(what, work) {
  const startedMs = performance.now();
  const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  console.error(`${what} …`);
  const timer = setInterval(() => console.error(`${what} … ${seconds()}`), PROGRESS_MS);
  let text = '';
  const code = await work((part) => {
    text += part;
  });
  clearInterval(timer);
  const end = code > SIGNALLED ? 'stopped' : `failed with exit code ${code}`;
  console.error(`${what}: ${code === 0 ? 'done' : end} after ${seconds()}`);
  return { code, text };
}

/** Runs `work` while no other process of this checkout installs or builds. A lock whose owner is gone is taken over. */
async function underLock(root, work) {
  const lock = join(root, 'node_modules/.saga-store-lock');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  for (let tries = 0; !takeNote(lock); tries += 1) {
    const owner = writerOf(lock);
    if (owner === null) continue;
    await wait(LOCK_POLL_MS);
    if (tries === LOCK_SILENT_TRIES) console.error(`waiting for ${owner}, which installs or builds …`);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readOr(file, fallback) {
  return existsSync(file) ? readFileSync(file, 'utf8') : fallback;
}

function mtimeOr(file, fallback) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? fallback;
}
