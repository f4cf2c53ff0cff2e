import { describe, expect, it } from 'vitest';
import { commandOf, readOptions } from './options.ts';

function read(...args: string[]) {
  const lines: string[] = [];
  const options = () =>
    readOptions(
      args,
      (text) => lines.push(text),
      (text) => lines.push(`! ${text}`),
    );
  return { options, lines };
}

describe('options', () => {
  it('are for a run without end, with everything, where nothing is said', () => {
    const { seed, ...others } = read().options();

    expect(Number.isInteger(seed)).toBe(true);
    expect(others).toEqual({
      minutes: null,
      ratePerS: 50,
      targets: ['gateway', 'order', 'inventory', 'notification'],
      kinds: ['kill', 'freeze', 'stop', 'full', 'clock', 'poison'],
      reportFile: null,
      isJson: false,
      keepsData: false,
    });
  });

  it('name the command that repeats them', () => {
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

    expect(commandOf(read(...args).options())).toBe(
      'yarn chaos --minutes 0.2 --seed 7 --rate 9 --only order,inventory --faults kill,clock',
    );
    expect(commandOf(read('--seed', '0').options())).toBe('yarn chaos --seed 0');
  });

  it.each([
    [['--minutes', '0'], 'above 0'],
    [['--minutes', 'soon'], 'above 0'],
    [['--seed', '-1'], 'from 0 to 4294967295'],
    [['--seed', '1.5'], 'from 0 to 4294967295'],
    [['--rate', '0'], 'from 1 to 1000'],
    [['--only', 'order,cook'], '"cook" is none of them'],
    [['--faults', 'flood'], '"flood" is none of them'],
    [['--only', 'gateway', '--faults', 'full,clock'], 'full, clock cannot be there'],
    [['--fast'], 'unknown option'],
    [['now'], 'too many arguments'],
  ])('%j are refused', (args, message) => {
    const { options, lines } = read(...args);

    expect(options).toThrow();
    expect(lines.join('\n')).toMatch(/^! error: /);
    expect(lines.join('\n')).toContain(message);
  });

  it('are explained', () => {
    const { options, lines } = read('--help');

    expect(options).toThrow();
    expect(lines.join('\n')).toContain('Exit code: 0');
    expect(lines.join('\n')).not.toContain('! ');
  });
});
