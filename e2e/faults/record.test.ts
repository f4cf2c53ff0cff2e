import { describe, expect, it } from 'vitest';
import { parseNotes } from './record.ts';

/** A note as the library writes it. */
function note(kind: number, path: string, other: string, data: string, number: bigint): Buffer {
  const header = Buffer.alloc(48);
  [kind, path.length, other.length, data.length].forEach((value, n) => {
    header.writeUInt32LE(value, 4 * n);
  });
  header.writeBigUInt64LE(99n, 16);
  header.writeBigInt64LE(number, 24);
  header.writeBigUInt64LE(5n, 32);
  header.writeBigUInt64LE(6n, 40);
  return Buffer.concat([header, Buffer.from(path + other + data)]);
}

const written = note(1, '/disk/a/b', '', 'text', 512n);
const renamed = note(7, '/disk/a', '/disk/c', '', 0n);

describe('the notes of a process', () => {
  it('are its changes in order, with paths below the root', () => {
    const [first, second, ...others] = parseNotes(Buffer.concat([written, renamed]), '/disk');

    expect(first).toEqual({
      kind: 'write',
      path: 'a/b',
      other: '',
      inode: 99,
      number: 512,
      data: Buffer.from('text'),
      beganNs: 5n,
      endedNs: 6n,
    });
    expect(second).toMatchObject({ kind: 'rename', path: 'a', other: 'c' });
    expect(others).toEqual([]);
  });

  it.each([0, 20, 48, written.length - 1])('end before one that was cut short after %i bytes', (length) => {
    const changes = parseNotes(Buffer.concat([renamed, written.subarray(0, length)]), '/disk');

    expect(changes.map(({ kind }) => kind)).toEqual(['rename']);
  });

  it('of an unknown kind are refused', () => {
    expect(() => parseNotes(note(77, '/disk/a', '', '', 0n), '/disk')).toThrow('unknown change 77');
  });
});
