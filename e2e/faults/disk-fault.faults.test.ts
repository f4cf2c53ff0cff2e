/** The preloaded library itself: which calls of a program fail, how, and what it notes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chanceFrom } from '../chaos/chance.ts';
import { temporaryFolder } from '../scenarios/harness.ts';
import { type DiskFailure, type DiskOperation, type DiskRule, FaultyDisk, libraryForTests } from './disk-fault.ts';
import { readDisk } from './disk-folder.ts';
import { DiskModel } from './disk-model.ts';
import { readChanges } from './record.ts';

const library = libraryForTests();

/** Each is one call of the system on a file of eight bytes, and prints its result or its error. */
const calls: Readonly<Record<DiskOperation, string>> = {
  read: `fs.readSync(file, Buffer.alloc(8), 0, 8, 0)`,
  write: `fs.writeSync(file, '12345678', 0)`,
  sync: `fs.fsyncSync(file)`,
  open: `fs.openSync('a', 'r') > 0`,
  truncate: `fs.ftruncateSync(file, 8)`,
  entry: `fs.mkdirSync('folder-' + turn)`,
};

function diskOf({ records = false } = {}) {
  const folder = realpathSync(temporaryFolder());
  const root = join(folder, 'disk');
  mkdirSync(root);
  writeFileSync(join(root, 'a'), 'abcdefgh');
  return { root, disk: new FaultyDisk(library ?? '', root, join(folder, 'faults'), { records }) };
}

/** Runs a program in the root of the disk. @returns its output */
function runOn({ root, disk }: ReturnType<typeof diskOf>, program: string): string {
  const args = ['--input-type=commonjs', '-e', `const fs = require('node:fs');\n${program}`];
  const env = { PATH: process.env['PATH'] ?? '', ...disk.env };
  return execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' }).trim();
}

/** Makes the same call five times under a rule. @returns what came of each */
function fiveCalls(rule: DiskRule, on = diskOf()): readonly string[] {
  on.disk.set([{ ...rule, pattern: rule.operation === 'open' ? 'a' : '*' }]);
  const text = runOn(
    on,
    `
    const file = ${rule.operation === 'open' ? 0 : "fs.openSync('a', 'r+')"};
    for (let turn = 0; turn < 5; turn++) {
      try { console.log(String(${calls[rule.operation]})); } catch (error) { console.log(error.code); }
    }`,
  );
  return text.split('\n');
}

const normal: Readonly<Record<DiskOperation, string>> = {
  read: '8',
  write: '8',
  sync: 'undefined',
  open: 'true',
  truncate: 'undefined',
  entry: 'undefined',
};
const operations = Object.keys(normal) as readonly DiskOperation[];
const errors: readonly DiskFailure[] = ['EIO', 'ENOSPC', 'EMFILE', 'EROFS'];

describe.skipIf(library === null)('a call that a rule names', () => {
  it.each(operations.flatMap((operation) => errors.map((failure) => [operation, failure] as const)))(
    'fails, and no other: the third and fourth %s with %s',
    (operation, failure) => {
      const right = normal[operation];

      expect(fiveCalls({ operation, failure, skip: 2, count: 2 })).toEqual([right, right, failure, failure, right]);
    },
  );

  it.each(operations)('fails until the rules change: %s', (operation) => {
    expect(fiveCalls({ operation, failure: 'EIO' })).toEqual(Array(5).fill('EIO'));
  });

  it.each([
    ['write', 'EINTR'],
    ['sync', 'EINTR'],
    ['open', 'EINTR'],
    ['truncate', 'EINTR'],
    ['write', 'short'],
  ] as const)('is made again by Node when it is interrupted or short: %s, %s', (operation, failure) => {
    const on = diskOf();

    expect(fiveCalls({ operation, failure, count: 1 }, on)).toEqual(Array(5).fill(normal[operation]));
    expect(on.disk.counts()).toEqual([{ matched: 6, failed: 1 }]);
  });

  it.each([
    ['EINTR', 'EINTR'],
    ['short', '4'],
    ['end', '0'],
  ] as const)('is a read that is interrupted, or has half of the bytes or none: %s', (failure, result) => {
    expect(fiveCalls({ operation: 'read', failure, count: 1 })).toEqual([result, '8', '8', '8', '8']);
  });

  it('fails for a share of the calls', () => {
    const on = diskOf();
    on.disk.set([{ operation: 'sync', failure: 'EIO', share: 0.25 }]);
    runOn(on, `const file = fs.openSync('a'); for (let n = 0; n < 2000; n++) try { fs.fsyncSync(file); } catch {}`);
    const [counts] = on.disk.counts();

    expect(counts?.matched).toBe(2_000);
    expect((counts?.failed ?? 0) / 2_000).toBeCloseTo(0.25, 1);
  });

  it('is one on a path that matches its pattern', () => {
    const on = diskOf();
    on.disk.set([{ operation: 'open', failure: 'EIO', pattern: '*.db' }]);
    const open = (name: string) =>
      `try { fs.openSync('${name}', 'w'); console.log('opened'); } catch (error) { console.log(error.code); }`;

    expect(runOn(on, [open('b.db'), open('b.db-wal'), open('../outside.db')].join('\n')).split('\n')).toEqual([
      'EIO',
      'opened',
      'opened',
    ]);
  });

  it('is none on a file outside that has the descriptor of a closed one', () => {
    const on = diskOf();
    on.disk.set([{ operation: 'read', failure: 'EIO' }]);
    const program = `const file = fs.openSync('a'); fs.closeSync(file);
      const other = fs.openSync(process.execPath);
      console.log(file === other, fs.readSync(other, Buffer.alloc(8)));`;

    expect(runOn(on, program)).toBe('true 8');
  });

  it('stops failing in a program that runs when the rules are cleared', () => {
    const on = diskOf();
    on.disk.set([{ operation: 'sync', failure: 'EIO' }]);
    const { DISK_FAULT_CONTROL: control = '' } = on.disk.env;
    const sync = `try { fs.fsyncSync(file); console.log('synced'); } catch (error) { console.log(error.code); }`;
    const cleared = `fs.writeFileSync(${JSON.stringify(control)}, '9\\n9 end\\n'.padEnd(4096, '\\0'), { flag: 'r+' });`;

    expect(runOn(on, `const file = fs.openSync('a');${sync}${cleared}${sync}`).split('\n')).toEqual(['EIO', 'synced']);
  });
});

describe.skipIf(library === null)('the record', () => {
  it('makes the same disk again, whichever calls wrote it', () => {
    const on = diskOf({ records: true });
    runOn(
      on,
      `
      fs.mkdirSync('x/y', { recursive: true });
      fs.writeFileSync('x/y/one', 'first');
      fs.appendFileSync('x/y/one', ' and more');
      const file = fs.openSync('x/two', 'w+');
      fs.writevSync(file, [Buffer.from('vec'), Buffer.from('tor')], 3);
      fs.writeSync(file, Buffer.from('at the position'));
      fs.ftruncateSync(file, 9);
      fs.fdatasyncSync(file);
      fs.renameSync('x/y/one', 'x/three');
      fs.linkSync('x/two', 'x/four');
      fs.writeFileSync('x/gone', 'gone');
      fs.unlinkSync('x/gone');
      fs.rmdirSync('x/y');
      fs.writeFileSync('x/three', 'shorter');
      process.chdir('x');
      fs.writeFileSync('./five', 'relative');`,
    );
    const model = new DiskModel();
    for (const change of readChanges(on.disk.recordDir ?? '', on.root)) model.apply(change);
    const made = model.cut({ data: 'all', entries: 'all' }, chanceFrom(1, 'cut'));
    const real = readDisk(on.root);
    const sorted = (disk: typeof real) =>
      disk.files
        .map(({ path, contents }) => `${path}=${contents.toString('hex')}`)
        .filter((file) => !file.startsWith('a='))
        .sort();

    expect([made.folders, sorted(made)]).toEqual([real.folders, sorted(real)]);
  });
});
