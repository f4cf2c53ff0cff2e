/** Disks as folders: written from a model, and read to compare the two. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from './disk-model.ts';

/** Writes what the disk has below `top` into `folder`, which exists and is empty. */
export function writeDisk({ folders, files }: Disk, top: string, folder: string): void {
  const within = (path: string) => path.startsWith(`${top}/`);
  for (const path of folders.filter(within)) mkdirSync(join(folder, path.slice(top.length)));
  for (const { path, contents } of files.filter((file) => within(file.path))) {
    writeFileSync(join(folder, path.slice(top.length)), contents);
  }
}

/** The disk that lies in a folder. Files `…-shm` are left out: SQLite makes them anew after a crash. */
export function readDisk(folder: string): Disk {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' });
  const all = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(folder.length + 1) }));
  const files = all.filter(({ entry }) => entry.isFile() && !entry.name.endsWith('-shm'));
  return {
    folders: all.flatMap(({ entry, path }) => (entry.isDirectory() ? [path] : [])).sort(),
    files: files.map(({ path }) => ({ path, contents: readFileSync(join(folder, path)) })),
  };
}
