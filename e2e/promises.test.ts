import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../docs/promises.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (?!promise|---).* \|$/.test(line));

/** The test files that a row names in its last column. */
function testsIn(row: string): readonly string[] {
  return [...row.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file);
}

describe('docs/promises.md', () => {
  it('names a test for each promise', () => {
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((row) => testsIn(row).length === 0)).toEqual([]);
  });

  it('names only tests that exist', () => {
    const missing = rows.flatMap(testsIn).filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)));

    expect(missing).toEqual([]);
  });

  it('is linked from the README', () => {
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain('(docs/promises.md)');
  });
});
