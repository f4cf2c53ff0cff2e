import { describe, expect, it } from 'vitest';
import { scriptCommand } from './package-script.ts';

const NPM = 'npm/11.19.1 node/v20.20.2 linux x64 workspaces/false';
const YARN = 'yarn/4.18.1 npm/? node/v20.20.2 linux x64';
const PNPM = 'pnpm/9.1.0 npm/? node/v20.20.2 linux x64';

describe('a script', () => {
  it.each([
    [NPM, ['chaos', '--seed 7'], 'npm run chaos -- --seed 7'],
    [NPM, ['why', 'ORDER_001'], 'npm run why ORDER_001'],
    [NPM, ['dead-letters', 'list', '--groups'], 'npm run dead-letters -- list --groups'],
    [NPM, ['start'], 'npm start'],
    [NPM, ['start', '--help'], 'npm start -- --help'],
    [YARN, ['chaos', '--seed 7'], 'yarn chaos --seed 7'],
    [YARN, ['start'], 'yarn start'],
    [YARN, ['why', 'ORDER_001'], 'yarn run why ORDER_001'],
    [PNPM, ['why', 'ORDER_001'], 'pnpm run why ORDER_001'],
    [PNPM, ['chaos', '--seed 7'], 'pnpm chaos --seed 7'],
    [undefined, ['chaos', '--seed 7'], 'npm run chaos -- --seed 7'],
    ['bun/1.1.0', ['prove'], 'npm run prove'],
  ] as const)('is called as the package manager %s calls it: %j', (userAgent, [script, ...args], command) => {
    expect(scriptCommand(userAgent, script, ...args)).toBe(command);
  });
});
