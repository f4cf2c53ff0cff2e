import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const page = read('FAILURES.md');
const here = (file: string) => new URL(`../${file}`, import.meta.url);

interface Shown {
  readonly file: string;
  readonly name: string;
}

/** The tests named in the last column of the tables. */
function shownIn(markdown: string): readonly Shown[] {
  const cells = markdown.split('\n').filter((line) => /^\| .* \|$/.test(line) && line.includes('`'));
  return cells.flatMap((line) =>
    [...line.matchAll(/`([\w./-]+\.ts)` › (.+?)(?=<br>| \|$)/g)].map(([, file = '', name = '']) => ({ file, name })),
  );
}

/** The named tests that do not exist. */
function missing(shown: readonly Shown[]): readonly Shown[] {
  return shown.filter(({ file, name }) => !existsSync(here(file)) || !readFileSync(here(file), 'utf8').includes(name));
}

/** Rows of the tables that name no test. */
function rowsWithoutTest(markdown: string): readonly string[] {
  const rows = markdown
    .split('\n')
    .filter((line) => /^\| .* \|$/.test(line) && !/^\| (?:---|what goes wrong)/.test(line));
  return rows.filter((line) => shownIn(line).length === 0);
}

describe('e2e/FAILURES.md', () => {
  it('names tests that exist', () => {
    expect(shownIn(page).length).toBeGreaterThan(60);
    expect(missing(shownIn(page))).toEqual([]);
  });

  it('names a test for each failure', () => {
    expect(rowsWithoutTest(page)).toEqual([]);
  });

  it('is rejected with a missing test, a missing file or a row without a test', () => {
    const planted = [
      '| a | b | `saga/golden.test.ts` › flies |',
      '| a | b | `saga/silver.test.ts` › is read<br>`saga/golden.test.ts` › is read |',
      '| a | b | trust us |',
    ].join('\n');

    expect(missing(shownIn(planted))).toEqual([
      { file: 'saga/golden.test.ts', name: 'flies' },
      { file: 'saga/silver.test.ts', name: 'is read' },
    ]);
    expect(rowsWithoutTest(planted)).toEqual(['| a | b | trust us |']);
  });

  it('is linked from README.md and ARCHITECTURE.md', () => {
    for (const file of ['README.md', 'ARCHITECTURE.md']) expect(read(`../${file}`)).toContain('(e2e/FAILURES.md)');
  });
});
