/** What makes a start quick, and what it must not cost: one file with compiled code, and stacks that name sources. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DeadLetterBody, DeadLetterSummaryBody } from '../../shared/runtime/dead-letters/schemas.ts';
import { rootOf } from '../tools/root.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { get, orderOf, post } from './client.ts';
import { hostsAndThreads, TestStore } from './harness.ts';

const ROOT = rootOf(import.meta.dirname);

describe('a start', () => {
  it('takes the code that was compiled at the build', () => {
    const script = `
      import { runBundle } from './dist/functions/bundle.js';
      console.log(runBundle('${join(ROOT, 'dist/server/store.cjs')}').wasCompiled);`;

    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: ROOT,
      encoding: 'utf8',
    });

    expect([stdout, stderr]).toEqual(['true\n', '']);
  });

  it('loads no client of Kafka where the log is embedded, and no page of documentation', async () => {
    const store = await TestStore.start('two threads', { NODE_DEBUG: 'module', LOG: 'embedded' });

    const loaded = store.program('order').stderr();

    expect(loaded).toContain('node_modules/better-sqlite3/');
    expect(loaded).not.toMatch(/node_modules\/(?:kafkajs|swagger-ui-dist|zod|hono)\//);
  });
});

it.each(hostsAndThreads)('an error names the place in the source, in %s', async (host) => {
  const store = await TestStore.start(host, { RETRY_FIRST_MS: '5' });
  const letters = store.url('/operations/inventory/dead-letters');
  await post(store.url('/automation-testing/faults', 'inventory'), { poison: { subject: 'BAD', as: 'bug' } });
  await post(store.url('/orders'), orderOf('BAD'));
  let found: readonly DeadLetterSummaryBody[] = [];
  await waitUntil(async () => {
    found = (await get<{ letters: DeadLetterSummaryBody[] }>(letters)).letters;
    return found.length === 1;
  });

  const { detail } = await get<DeadLetterBody>(`${letters}/${found[0]?.letter}`);

  const place = pathToFileURL(join(ROOT, 'shared/runtime/worker/fault-injection.ts')).href;
  expect(detail).toMatch(new RegExp(`\\(${place}:\\d+:\\d+\\)`));
  expect(detail).not.toContain('store.cjs');
});
