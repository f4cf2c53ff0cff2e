/** A copy to a disk that is full or errs: it fails with a sentence, and nothing is left of it. */
import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { type DiskFailure, type DiskOperation, FaultyDisk, libraryForTests } from './disk-fault.ts';

const library = libraryForTests();

it.skipIf(library === null).each<readonly [DiskOperation, DiskFailure, RegExp]>([
  ['write', 'ENOSPC', /no room for the copy/],
  ['write', 'EDQUOT', /^The copy at .* cannot be written|no room for the copy/],
  ['write', 'EIO', /^The copy at .* cannot be written/],
  ['sync', 'EIO', /^The copy at .* cannot be written/],
  ['entry', 'EROFS', /^The copy at .* cannot be written: EROFS/],
  ['entry', 'ENOSPC', /no room for the copy/],
])(
  'a backup on a disk where the n-th %s ends with %s is no copy, whichever it is',
  async (operation, failure, said) => {
    const store = await TestStore.start('one process');
    await store.stopAll();
    const folder = realpathSync(temporaryFolder());
    const root = join(folder, 'disk');
    mkdirSync(root);
    const disk = new FaultyDisk(library ?? '', root, join(folder, 'faults'), { records: false });
    for (let skip = 0, failed = 1; failed > 0; skip = 2 * skip + 1) {
      // SQLite ignores that it cannot flush a folder; the program flushes it again.
      const pattern = operation === 'sync' ? '*.db' : '*';
      disk.set([{ operation, failure, pattern, skip, count: 1 }]);
      const target = join(root, `copy-${skip}`);
      const program = run('dist/e2e/tools/backup.js', [target], { ...disk.env, DATA_DIR: store.dataDir });
      const { code } = await program.exit;
      failed = disk.counts()[0]?.failed ?? 0;
      const stderr = program.stderr();

      if (failed === 0) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      else {
        expect({ code, stdout: program.stdout(), left: readdirSync(root), stderr }).toEqual({
          ...{ code: 1, stdout: '', left: [] },
          stderr: expect.stringMatching(skip === 0 ? said : /^[^\n]+\n$/),
        });
      }
    }
  },
);
