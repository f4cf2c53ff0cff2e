import { describe, expect, it } from 'vitest';
import type { Terminal } from '../tools/store-client.ts';
import { commandOf, readOptions } from './options.ts';
import { targets } from './plan.ts';

function read(...args: string[]) {
  const lines: string[] = [];
  const terminal: Terminal = {
    env: {},
    isTty: false,
    out: (text) => lines.push(text),
    err: (text) => lines.push(`! ${text}`),
  };
  const options = () => readOptions(args, terminal);
  return { options, lines };
}

describe('the options', () => {
  it('default to an endless run with all functions and all kinds of faults', () => {
    const { seed, ...others } = read().options();

    expect(Number.isInteger(seed)).toBe(true);
    expect(others).toEqual({
      minutes: null,
      ratePerS: 50,
      targets,
      kinds: ['kill', 'freeze', 'stop', 'full', 'clock', 'poison', 'disk'],
      reportFile: null,
      isJson: false,
      keepsData: false,
    });
  });

  it('are turned back into the command that repeats them, for npm and for yarn', () => {
    const npm = { npm_config_user_agent: 'npm/11.19.1 node/v20.20.2 linux x64' };
    const yarn = { npm_config_user_agent: 'yarn/4.18.1 npm/? node/v20.20.2 linux x64' };
    const args = [
      '--minutes',
      '0.2',
      '--seed',
      '7',
      '--rate',
      '9',
      '--only',
      'inventory,order',
      '--faults',
      'kill,clock',
    ];

    expect(commandOf(read(...args).options(), npm)).toBe(
      'npm run chaos -- --minutes 0.2 --seed 7 --rate 9 --only order,inventory --faults kill,clock',
    );
    expect(commandOf(read('--seed', '0').options(), npm)).toBe('npm run chaos -- --seed 0');
    expect(commandOf(read('--seed', '0').options(), yarn)).toBe('yarn chaos --seed 0');
  });

  it.each([
    [['--minutes', '0'], 'above 0'],
    [['--minutes', 'soon'], 'above 0'],
    [['--seed', '-1'], 'from 0 to 4294967295'],
    [['--seed', '1.5'], 'from 0 to 4294967295'],
    [['--rate', '0'], 'from 1 to 1000'],
    [['--only', 'order,cook'], 'Unknown: cook. Use gateway,'],
    [['--faults', 'flood'], 'Unknown: flood. Use kill,'],
    [['--only', 'gateway', '--faults', 'full,clock'], 'the gateway cannot have full, clock'],
    [['--fast'], 'unknown option'],
    [['now'], 'too many arguments'],
  ])('%j are rejected with a message', (args, message) => {
    const { options, lines } = read(...args);

    expect(options).toThrow();
    expect(lines.join('\n')).toMatch(/^! error: /);
    expect(lines.join('\n')).toContain(message);
  });

  it('are explained by --help', () => {
    const { options, lines } = read('--help');

    expect(options).toThrow();
    expect(lines.join('\n')).toContain('Exit code: 0');
    expect(lines.join('\n')).not.toContain('! ');
  });
});
