import { describe, expect, it } from 'vitest';
import { loggerTo } from './logger.ts';

function lineOf(log: (logger: ReturnType<typeof loggerTo>) => void): string {
  let line = '';
  log(
    loggerTo('info', {
      write: (text) => {
        line += text;
      },
    }),
  );
  return line;
}

describe('a line of the log', () => {
  it('has nothing that controls a terminal or hides, and means the same', () => {
    const id = 'P\u001b[31m\u009b2J\u007f\u202eX\u2028\u200b\ud800';
    const line = lineOf((logger) => logger.warn({ id }, `dead-lettered: ${id}`));

    expect(line).toMatch(/^[ -~]*\n$/);
    expect(JSON.parse(line)).toMatchObject({
      level: 40,
      id,
      msg: `dead-lettered: ${id}`,
    });
  });

  it('keeps letters of all languages', () => {
    expect(lineOf((logger) => logger.info({ name: 'Grüße 日本語 📦' }, 'ok'))).toContain('"name":"Grüße 日本語 📦"');
  });

  it('cuts overlong values and messages, and says how long they are', () => {
    const long = 'x'.repeat(1_000_000);
    const line = lineOf((logger) => logger.error({ id: long, kept: 'short', position: 7 }, long));

    expect(line.length).toBeLessThan(20_000);
    expect(JSON.parse(line)).toMatchObject({
      id: expect.stringMatching(/x… \(1000000 characters\)$/),
      kept: 'short',
      position: 7,
      msg: expect.stringMatching(/x… \(1000000 characters\)$/),
    });
  });
});
