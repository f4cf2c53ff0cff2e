/** What a cut can leave of the changes of a disk, and what it cannot. */
import { describe, expect, it } from 'vitest';
import { chanceFrom } from '../chaos/chance.ts';
import { type Cut, type Disk, DiskModel, dataKinds, entryKinds } from './disk-model.ts';
import type { DiskChange } from './record.ts';

const EVERYTHING: Cut = { data: 'all', entries: 'all' };
const inodes: Readonly<Record<string, number>> = { a: 1, b: 2, f: 3, 'f/a': 4, 'f/g': 5, 'f/g/a': 6 };
const NO_DATA = Buffer.alloc(0);

/** `create a`, `write a 0 text`, `truncate a 3`, `sync a`, `rename a b`: each takes one nanosecond, one after the other. */
function changesOf(...lines: readonly string[]): readonly DiskChange[] {
  return lines.map((line, n) => {
    const [kind = '', path = '', second = '', data = ''] = line
      .replace('sync-failed', 'sync failed')
      .split(/ (?!failed)/);
    const isNamed = kind === 'rename' || kind === 'link';
    return {
      kind: kind as DiskChange['kind'],
      path: path === '.' ? '' : path,
      other: isNamed ? second : '',
      inode: inodes[path] ?? 0,
      number: isNamed || second === '' ? 0 : Number(second),
      data: data === '' ? NO_DATA : Buffer.from(data),
      beganNs: BigInt(2 * n),
      endedNs: BigInt(2 * n + 1),
    };
  });
}

function modelOf(changes: readonly DiskChange[]): DiskModel {
  const model = new DiskModel();
  for (const change of changes) model.apply(change);
  return model;
}

function textOf({ folders, files }: Disk): string {
  const contents = files.map(({ path, contents }) => `${path}=${contents.toString().replaceAll('\0', '_')}`);
  return [...folders, ...contents].sort().join(' ');
}

/** Every disk that some seeds of a cut leave. */
function disksOf(lines: readonly string[], cut: Cut, seeds = 200): readonly string[] {
  const found = Array.from({ length: seeds }, (_, seed) =>
    textOf(modelOf(changesOf(...lines)).cut(cut, chanceFrom(seed, 'cut'))),
  );
  return [...new Set(found)].sort();
}

/** A file whose name lasts. */
const made = ['create a', 'sync a', 'sync .'];

describe('the contents of a file', () => {
  const written = [...made, 'write a 0 AAAA', 'sync a', 'write a 0 bb', 'write a 4 cc'];

  it.each([
    ['none', ['a=AAAA']],
    ['all', ['a=bbAAcc']],
    ['prefix', ['a=AAAA', 'a=bbAA', 'a=bbAAcc']],
    ['subset', ['a=AAAA', 'a=AAAA__', 'a=AAAAcc', 'a=bbAA', 'a=bbAA__', 'a=bbAAcc']],
    ['torn', ['a=AAAA', 'a=bbAA', 'a=bbAAcc']],
  ] as const)('keep what was synced, and of the rest: %s', (data, expected) => {
    expect(disksOf(written, { data, entries: 'all' })).toEqual(expected);
  });

  it('last once they are synced, whatever the cut keeps', () => {
    const found = dataKinds.flatMap((data) => disksOf([...written, 'sync a'], { data, entries: 'none' }, 10));

    expect(new Set(found)).toEqual(new Set(['a=bbAAcc']));
  });

  it('do not last by a sync that began before their write had ended', () => {
    const changes = changesOf(...written, 'sync a').map((change) =>
      change.kind === 'sync' && change.beganNs === 14n ? { ...change, beganNs: 12n } : change,
    );

    expect(textOf(modelOf(changes).cut({ data: 'none', entries: 'all' }, chanceFrom(1, 'cut')))).toBe('a=bbAA');
  });

  it('are lost or kept by sectors of 512 bytes where a write is torn', () => {
    const long = `write a 0 ${'x'.repeat(1_024)}`;
    const found = disksOf([...made, long], { data: 'torn', entries: 'all' });

    expect(found.map((text) => text.slice(2).replace(/(.)\1*/g, (run) => `${run[0]}${run.length} `))).toEqual([
      '',
      '_512 x512 ',
      'x512 ',
      'x1024 ',
    ]);
  });

  it('may be truncated or not', () => {
    const lines = [...made, 'write a 0 AAAA', 'sync a', 'truncate a 2'];

    expect(disksOf(lines, { data: 'prefix', entries: 'all' })).toEqual(['a=AA', 'a=AAAA']);
  });

  it('begin with zeros where a later write is kept and an earlier one is lost', () => {
    expect(disksOf([...made, 'write a 0 AA', 'write a 2 BB'], { data: 'subset', entries: 'all' })).toContain('a=__BB');
  });

  it('that a failed sync covered may be lost although a later sync succeeds', () => {
    const lines = [...made, 'write a 0 AA', 'sync-failed a', 'write a 2 BB', 'sync a'];

    expect(disksOf(lines, { data: 'none', entries: 'none' })).toEqual(['a=__BB']);
    expect(disksOf(lines, { data: 'prefix', entries: 'none' })).toEqual(['a=AABB', 'a=__BB']);
  });

  it('last when they are written again after a failed sync', () => {
    const lines = [...made, 'write a 0 AA', 'sync-failed a', 'write a 0 AA', 'sync a'];

    expect(disksOf(lines, { data: 'none', entries: 'none' })).toEqual(['a=AA']);
  });
});

describe('the names in a folder', () => {
  it('last after a sync of the folder, and not of the file', () => {
    expect(disksOf(['create a', 'write a 0 AA', 'sync a'], { data: 'all', entries: 'none' })).toEqual(['']);
    expect(disksOf(['create a', 'write a 0 AA', 'sync .'], { data: 'none', entries: 'none' })).toEqual(['a=']);
  });

  it('need each folder above them', () => {
    const lines = ['mkdir f', 'mkdir f/g', 'create f/g/a', 'sync f/g/a', 'sync f/g', 'sync f'];

    expect(disksOf(lines, { data: 'none', entries: 'none' })).toEqual(['']);
    expect(disksOf([...lines, 'sync .'], { data: 'none', entries: 'none' })).toEqual(['f f/g f/g/a=']);
  });

  it.each([
    ['prefix', ['', 'a=', 'a= b=']],
    ['subset', ['', 'a=', 'a= b=', 'b=']],
  ] as const)('survive in part: %s', (entries, expected) => {
    expect(disksOf(['create a', 'create b'], { data: 'none', entries })).toEqual(expected);
  });

  it('keep the order of changes to one name', () => {
    const lines = ['create a', 'sync .', 'unlink a', 'create a'];

    expect(disksOf([...lines, 'write a 0 new', 'sync a'], { data: 'all', entries: 'subset' })).toEqual([
      '',
      'a=',
      'a=new',
    ]);
  });

  it('change by a rename at once', () => {
    const lines = ['create a', 'write a 0 AA', 'sync a', 'create b', 'sync .', 'rename a b'];

    expect(disksOf(lines, { data: 'none', entries: 'subset' })).toEqual(['a=AA b=', 'b=AA']);
  });

  it('of a rename between folders last with a sync of one of them', () => {
    const lines = ['mkdir f', 'create a', 'sync .', 'rename a f/a', 'sync f'];

    expect(disksOf(lines, { data: 'none', entries: 'none' })).toEqual(['f f/a=']);
  });
});

describe('a disk', () => {
  it('has everything that was done when all of it survives, also under a reused inode', () => {
    const lines = ['mkdir f', 'create a', 'write a 0 old', 'unlink a', 'create a', 'write a 1 new', 'create f/a'];

    expect(disksOf(lines, EVERYTHING)).toEqual(['a=_new f f/a=']);
  });

  it('is the same for the same seed', () => {
    const lines = [...made, 'write a 0 AAAA', 'create b', 'write b 0 BBBB', 'unlink a'];
    const twice = entryKinds.flatMap((entries) =>
      dataKinds.map((data) =>
        [1, 2].map(() => textOf(modelOf(changesOf(...lines)).cut({ data, entries }, chanceFrom(9, 'cut')))),
      ),
    );

    expect(twice.every(([first, second]) => first === second)).toBe(true);
  });

  it('refuses changes of what it does not know', () => {
    expect(() => modelOf(changesOf('write a 0 AA'))).toThrow('a (inode 1) was changed before it was created');
    expect(() => modelOf(changesOf('create f/a'))).toThrow('f/a was changed, and f is no folder of the disk');
  });
});
