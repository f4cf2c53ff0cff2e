/**
 * Tells whether `node_modules` has what `package.json` asks for, whichever of npm and yarn installed it.
 *
 * All packages that are needed on this machine are there, those of development too; the ones that package.json names in the
 * version that it names, and those below them in the version that yarn.lock has or that npm has noted.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const FOLDER = 'node_modules';

/**
 * @param {string} root the folder of the checkout
 * @param {{ os: string, cpu: string, libc: () => string }} platform for which packages are needed
 * @returns {string | null} the first thing that is missing or wrong, as a sentence; null when all is there
 */
export function whatIsMissing(root, platform = thisPlatform) {
  const manifest = readJson(join(root, 'package.json')) ?? {};
  const locked = readLock(join(root, 'yarn.lock'));
  const noted = readJson(join(root, FOLDER, '.package-lock.json'))?.packages ?? {};
  const wanted = [];
  for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    wanted.push({ name, range, from: root, isOptional: false });
  }
  const seen = new Set();
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const { name, range, from, isOptional } = next;
    const entry = locked.get(`${name}@npm:${range}`);
    const found = findPackage(root, from, name);
    if (found === null) {
      if (isOptional && !isNeeded(entry, platform)) continue;
      return `${name} is missing`;
    }
    if (seen.has(found.folder)) continue;
    const { version } = found.manifest;
    const isNoted =
      version !== undefined && noted[relative(root, found.folder).split(sep).join('/')]?.version === version;
    const isExact = from === root && /^\d+\.\d+\.\d+/.test(range);
    if (isExact ? version !== range : version !== entry?.version && !isNoted) {
      return `${name} is there in version ${version ?? 'unknown'}, and needed in version ${isExact ? range : (entry?.version ?? range)}`;
    }
    seen.add(found.folder);
    const { dependencies = {}, optionalDependencies = {} } = found.manifest;
    for (const [below, itsRange] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      const isOptionalBelow = Object.hasOwn(optionalDependencies, below);
      wanted.push({ name: below, range: itsRange, from: found.folder, isOptional: isOptionalBelow });
    }
  }
  return firstGone(root, noted);
}

/**
 * A short text that is another one after any installer has run, a package came or went, or its package.json was written. It
 * takes a few milliseconds.
 *
 * @param {string} root the folder of the checkout
 */
export function fingerprintOf(root) {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'yarn.lock']) hash.update(readText(join(root, file)));
  for (const name of ['.package-lock.json', '.yarn-state.yml']) hash.update(statText(join(root, FOLDER, name)));
  for (const name of packagesIn(join(root, FOLDER))) {
    hash.update(`${name} ${statText(join(root, FOLDER, name, 'package.json'))}\n`);
  }
  return hash.digest('hex');
}

function packagesIn(folder) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((below) => `${name}/${below}`) : [name],
  );
}

function statText(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.size} ${found.mtimeMs}`;
}

/** What npm has noted is there, too: it does not say which optional packages it left out. */
function firstGone(root, noted) {
  for (const [path, { optional = false }] of Object.entries(noted)) {
    if (optional && !existsSync(join(root, path, 'package.json'))) return `${path.slice(FOLDER.length + 1)} is missing`;
  }
  return null;
}

/** The package that a module in `from` gets, as Node finds it. */
function findPackage(root, from, name) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, FOLDER, name);
    const manifest = readJson(join(folder, 'package.json'));
    if (manifest !== null) return { folder, manifest };
    if (at === root || at === dirname(at)) return null;
  }
}

/** Whether an optional package is made for this machine; one that is not in the lock is not counted on. */
function isNeeded(entry, { os, cpu, libc }) {
  if (entry === undefined) return false;
  const values = { os: () => os, cpu: () => cpu, libc };
  return entry.conditions.every((alternatives) =>
    alternatives.some(([key, value]) => values[key] === undefined || values[key]() === value),
  );
}

/** The entries of a yarn.lock, by each of their descriptors (`zod@npm:^4.0.0`). */
function readLock(file) {
  const entries = new Map();
  for (const block of readText(file).split(/\n\n+/)) {
    const [, descriptors] = /^"?([^\n]+?)"?:\n/.exec(block) ?? [];
    const [, version] = /\n {2}version: "?([^\s"]+)"?/.exec(block) ?? [];
    if (descriptors === undefined || version === undefined) continue;
    const [, conditions = ''] = /\n {2}conditions: (.+)/.exec(block) ?? [];
    const entry = { version, conditions: conditions === '' ? [] : conditions.split(' & ').map(alternativesIn) };
    for (const descriptor of descriptors.split(', ')) entries.set(descriptor, entry);
  }
  return entries;
}

/** `os=linux`, or `(os=darwin | os=linux)`. */
function alternativesIn(condition) {
  return condition
    .replace(/[()]/g, '')
    .split(' | ')
    .map((each) => each.trim().split('='));
}

const thisPlatform = {
  os: process.platform,
  cpu: process.arch,
  libc: () => {
    process.report.excludeNetwork = true;
    return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  },
};

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
