/** Freezes a process of the store where it sends to Kafka, or has fetched from it: the test's side of `freeze.ts`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';

/** The variable that names the folder of the requests. */
export const FREEZE_DIR = 'FREEZE_DIR';
/** After so long without a heartbeat the broker counts a member as gone. */
export const SESSION_MS = 1_500;

/** Where a process freezes, and about which message: one whose text has `about` in it. */
export interface FreezeRequest {
  readonly at: 'before send' | 'after send' | 'fetched';
  readonly about: string;
}

/** The settings of processes that can be frozen. */
export function freezable(folder: string): Readonly<Record<string, string>> {
  const program = new URL('../../dist/e2e/engines/freeze.js', import.meta.url);
  return { NODE_OPTIONS: `--import=${program.href}`, [FREEZE_DIR]: folder };
}

export function freezeNext(folder: string, part: string, request: FreezeRequest): void {
  writeFileSync(join(folder, part), JSON.stringify(request));
}

export async function isFrozen({ pid }: Program): Promise<void> {
  const state = () => spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  await waitUntil(() => state().startsWith('T'), { timeoutMs: 30_000, what: `process ${pid} to be frozen` });
}
