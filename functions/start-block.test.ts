import { describe, expect, it } from 'vitest';
import { readConfig } from './settings.ts';
import { startBlock } from './start-block.ts';
import type { Part } from './start-store.ts';

const NPM = 'npm/11.19.1 node/v20.20.2 linux x64';
const YARN = 'yarn/4.18.1 npm/? node/v20.20.2 linux x64';
const usual: readonly [Part, string][] = [
  ['inventory', 'http://127.0.0.1:8901'],
  ['gateway', 'http://127.0.0.1:8900'],
];

function blockOf({
  urls = usual,
  env = {},
  userAgent = NPM,
  hasScripts = true,
}: {
  urls?: readonly [Part, string][];
  env?: Readonly<Record<string, string>>;
  userAgent?: string;
  hasScripts?: boolean;
}): readonly string[] {
  const config = readConfig({ ENABLE_AUTOMATION: 'true', ...env });
  const reader = { userAgent, hasScripts, startedMs: 1_000, nowMs: 2_230 };
  return startBlock({ urls: new Map(urls) }, config, reader).split('\n');
}

/** The commands to try next, without what they do. */
function commandsIn(lines: readonly string[]): readonly string[] {
  const next = lines.slice(lines.indexOf('Try next') + 1);
  return next.flatMap((line) => (line === '' ? [] : [line.trim().split('   ')[0] ?? '']));
}

describe('the text after the start', () => {
  it('says how long it took and where everything is, the console first', () => {
    const lines = blockOf({ env: { DATA_DIR: '/data' } });

    expect(lines.slice(1, 8)).toEqual([
      'saga-store is up after 1.23 s',
      '',
      '  console       http://127.0.0.1:8900/console',
      '  gateway       http://127.0.0.1:8900',
      '  inventory     http://127.0.0.1:8901',
      '  API docs      http://127.0.0.1:8900/docs',
      '  data          /data',
    ]);
  });

  it.each([
    [NPM, ['npm run post-order-1', 'curl http://127.0.0.1:8900/stock', 'npm run prove']],
    [YARN, ['yarn post-order-1', 'curl http://127.0.0.1:8900/stock', 'yarn prove']],
  ])('has commands for the one who started it with %s', (userAgent, commands) => {
    expect(commandsIn(blockOf({ userAgent }))).toEqual(commands);
  });

  it('has the settings in the commands without which they would reach another store', () => {
    const env = { DATA_DIR: '/my data/it', GATEWAY_PORT: '9100' };

    expect(commandsIn(blockOf({ env, urls: [['gateway', 'http://127.0.0.1:9100']] }))).toEqual([
      'GATEWAY_URL=http://127.0.0.1:9100 npm run post-order-1',
      'curl http://127.0.0.1:9100/stock',
      "DATA_DIR='/my data/it' npm run prove",
    ]);
  });

  it.each([
    ['http://0.0.0.0:8900', 'curl http://127.0.0.1:8900/stock'],
    ['http://[::]:8900', 'curl http://[::1]:8900/stock'],
  ])('names an address that a client can use where the store listens on %s', (url, curl) => {
    expect(commandsIn(blockOf({ urls: [['gateway', url]] }))).toContain(curl);
  });

  it('has no order to try where the store has no example data', () => {
    expect(commandsIn(blockOf({ env: { ENABLE_AUTOMATION: 'false' } }))).toEqual([
      'curl http://127.0.0.1:8900/stock',
      'npm run prove',
    ]);
  });

  it('has no scripts where there are none, and no commands without a gateway', () => {
    expect(commandsIn(blockOf({ hasScripts: false }))).toEqual(['curl http://127.0.0.1:8900/stock']);
    expect(blockOf({ urls: [['order', 'http://127.0.0.1:8902']] })).not.toContain('Try next');
  });
});
