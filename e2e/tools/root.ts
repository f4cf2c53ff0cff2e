import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the checkout, the next one with a package.json: above `folder`, among the sources or in `dist/`. */
export function rootOf(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no folder above the program has a package.json');
  return rootOf(parent);
}
