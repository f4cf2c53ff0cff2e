import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, Module, SourceMap } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/**
 * Runs a bundle that `shared/tools/build-server.mjs` has made, with the code that V8 compiled when it was built: compiling anew
 * takes longer than all else of a start. V8 refuses code of another version of itself, and then compiles.
 */

/** Before the bundle, in a line of its own. */
const WRAPPER = '(function (exports, require, module, __filename, __dirname) {\n';
const DIGEST_BYTES = 20;

export interface Bundle<Exports> {
  readonly exports: Exports;
  /** Whether V8 took code that was compiled before. */
  readonly wasCompiled: boolean;
  /** The code as it is compiled now: what has run, and no more. */
  compiled(): Buffer;
}

/** Where the compiled code of a bundle lies. */
export function compiledFile(bundle: string): string {
  return `${bundle}.compiled`;
}

/** Runs the bundle in this thread. Stacks of errors name the sources from then on. */
export function runBundle<Exports>(file: string): Bundle<Exports> {
  const bytes = readFileSync(file);
  // V8 compares only lengths, and would run what belongs to another bundle.
  const digest = createHash('sha1').update(bytes).digest();
  const cachedData = compiledFor(file, digest);
  const script = new Script(`${WRAPPER}${bytes.toString('utf8')}\n})`, {
    filename: file,
    lineOffset: -1,
    ...(cachedData === null ? {} : { cachedData }),
  });
  nameSourcesInStacks(dirname(file));
  const require = createRequire(file);
  const module = new Module(file);
  // The files that are imported later refer back to it.
  require.cache[file] = module;
  const run: (...bindings: readonly unknown[]) => void = script.runInThisContext();
  run(module.exports, require, module, file, dirname(file));
  const wasCompiled = cachedData !== null && script.cachedDataRejected === false;
  return { exports: module.exports, wasCompiled, compiled: () => Buffer.concat([digest, script.createCachedData()]) };
}

function compiledFor(file: string, digest: Buffer): Buffer | null {
  const compiled = compiledFile(file);
  if (!existsSync(compiled)) return null;
  const bytes = readFileSync(compiled);
  return bytes.subarray(0, DIGEST_BYTES).equals(digest) ? bytes.subarray(DIGEST_BYTES) : null;
}

/**
 * Lets stacks name sources. A map is read for the first stack that is shown; `--enable-source-maps` reads all at each start.
 */
function nameSourcesInStacks(folder: string): void {
  const maps = new Map<string, SourceMap | null>();
  const mapOf = (name: string) => {
    if (!maps.has(name)) maps.set(name, readMap(join(folder, `${name}.map`)));
    return maps.get(name);
  };
  const sourceOf = (place: string, name: string, line: string, column: string) => {
    const entry = mapOf(name)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) return place;
    const { originalSource, originalLine, originalColumn } = entry;
    // Code that the bundler has added comes from no source, though the type knows nothing of that.
    if (originalSource === undefined) return place;
    return `${pathToFileURL(resolve(folder, originalSource)).href}:${originalLine + 1}:${originalColumn + 1}`;
  };
  const inBundle = new RegExp(`${join(folder, '/').replace(/[^\w/]/g, '\\$&')}([\\w-]+\\.cjs):(\\d+):(\\d+)`);
  Error.prepareStackTrace = (error, callSites) => {
    const frames = callSites.map((callSite) => `\n    at ${String(callSite).replace(inBundle, sourceOf)}`);
    return `${Error.prototype.toString.call(error)}${frames.join('')}`;
  };
}

/** Null where it cannot be read: reading a stack never fails. */
function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
