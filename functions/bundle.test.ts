import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compiledFile, runBundle } from './bundle.ts';

/** Its first generated place comes from the first place of `src/till.ts`. */
const MAP = { version: 3, sources: ['../src/till.ts'], names: [], mappings: 'AAAA' };

interface Till {
  total(): number;
  fail(): Error;
}

function bundleOf(total: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-bundle-'));
  const { prepareStackTrace } = Error;
  onTestFinished(() => {
    Error.prepareStackTrace = prepareStackTrace;
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, 'till.cjs');
  writeBundle(file, total);
  writeFileSync(`${file}.map`, JSON.stringify(MAP));
  return file;
}

function writeBundle(file: string, total: string): void {
  writeFileSync(file, `exports.total = () => ${total}; exports.fail = () => new TypeError('no coins');`);
}

describe('a bundle', () => {
  it('runs, and again with the code that was compiled by then', () => {
    const file = bundleOf('1 + 1');
    const first = runBundle<Till>(file);
    expect([first.exports.total(), first.wasCompiled]).toEqual([2, false]);
    writeFileSync(compiledFile(file), first.compiled());

    const again = runBundle<Till>(file);

    expect([again.exports.total(), again.wasCompiled]).toEqual([2, true]);
  });

  it('never runs what was compiled of another bundle of its length', () => {
    const file = bundleOf('1 + 1');
    const former = runBundle<Till>(file);
    former.exports.total();
    writeFileSync(compiledFile(file), former.compiled());
    writeBundle(file, '2 + 2');

    const { exports, wasCompiled } = runBundle<Till>(file);

    expect([exports.total(), wasCompiled]).toEqual([4, false]);
  });

  it('runs where what was compiled is of another V8, or is cut', () => {
    const file = bundleOf('1 + 1');
    const compiled = runBundle<Till>(file).compiled();
    writeFileSync(compiledFile(file), compiled.fill(0, 20, 40));
    expect(runBundle<Till>(file).exports.total()).toBe(2);
    writeFileSync(compiledFile(file), compiled.subarray(0, 21));
    expect(runBundle<Till>(file).exports.total()).toBe(2);
  });

  it('has stacks that name the sources', () => {
    const file = bundleOf('1 + 1');

    const [title, frame] = runBundle<Till>(file).exports.fail().stack?.split('\n') ?? [];

    expect(title).toBe('TypeError: no coins');
    expect(frame).toContain(`exports.fail (${pathToFileURL(join(file, '../../src/till.ts')).href}:1:1)`);
  });

  it('has stacks where what has failed comes from no source', () => {
    const file = bundleOf('1 + 1');
    writeFileSync(`${file}.map`, JSON.stringify({ ...MAP, mappings: 'A;' }));

    expect(runBundle<Till>(file).exports.fail().stack).toContain(`${file}:1:`);
  });

  it('has stacks where the map is gone', () => {
    const file = bundleOf('1 + 1');
    rmSync(`${file}.map`);

    expect(runBundle<Till>(file).exports.fail().stack).toContain(`${file}:1:`);
  });
});
