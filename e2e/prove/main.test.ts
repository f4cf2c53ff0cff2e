import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { runThreeOrders } from './examples.ts';
import { prove } from './main.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-prove-test-'));
const dataDir = join(folder, 'data');
let copies = 0;

beforeAll(() => runThreeOrders(dataDir));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copyOf(): string {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(dataDir, copy, { recursive: true });
  return copy;
}

function terminal(env: Record<string, string>) {
  const lines: string[] = [];
  return {
    lines,
    env,
    isTty: false,
    out: (text: string) => lines.push(text),
    err: (text: string) => lines.push(`! ${text}`),
  };
}

describe('prove', () => {
  it('prints the figures and exits with 0', () => {
    const { lines, ...rest } = terminal({ DATA_DIR: dataDir });

    expect(prove([], { ...rest })).toBe(0);
    expect(lines.join('\n')).toMatch(/✓ All \d+ ledger invariants hold\./);
    expect(lines.join('\n')).toContain('5 + 5');
  });

  it('prints each difference and exits with 1', () => {
    const copy = copyOf();
    new Database(dataFile(copy, 'order')).exec("UPDATE orders SET total_minor = 1 WHERE order_id = 'ORDER_A'").close();
    const { lines, ...rest } = terminal({ DATA_DIR: copy });

    expect(prove([], { ...rest })).toBe(1);
    expect(lines.join('\n')).toContain('order ORDER_A has the total 1 and lines of 3000');
    expect(lines.join('\n')).toMatch(/✗ 1 difference in \d+ ledger invariants\./);
  });

  it('prints figures and checks as JSON', () => {
    const { lines, ...rest } = terminal({ DATA_DIR: dataDir });

    expect(prove(['--json'], { ...rest })).toBe(0);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      isRight: true,
      differences: 0,
      books: { orders: { byStatus: { confirmed: 2, rejected: 1 } }, notices: { byStatus: { sent: 6 } } },
    });
  });

  it('counts dead letters, which are no difference', () => {
    const copy = copyOf();
    const deadLetter = `INSERT INTO dead_letter (letter, status, code, detail, fingerprint, attempts, replays, topic,
      partition, position, attributes, value, died_at) VALUES ('a', 'open', 'failed', '', '', 1, 0, 'order-events', 0, 99, '{}', '{}', '')`;
    new Database(dataFile(copy, 'inventory')).exec(deadLetter).close();
    const { lines, ...rest } = terminal({ DATA_DIR: copy });

    expect(prove([], { ...rest })).toBe(0);
    expect(lines.join('\n')).toContain('! 1 dead letter waits for an operator at inventory');
  });

  it('counts failed notices, which are no difference', () => {
    const copy = copyOf();
    const fail = "UPDATE notice SET status = 'failed', sent_at = NULL, last_error = 'no' WHERE position = 1";
    new Database(dataFile(copy, 'notification')).exec(fail).close();
    const { lines, ...rest } = terminal({ DATA_DIR: copy });

    expect(prove([], { ...rest })).toBe(0);
    expect(lines.join('\n')).toContain('Notices: 6 (1 failed, 5 sent)');
    expect(lines.join('\n')).toContain('! 1 notice has failed and waits for an operator at notification');
  });

  it('counts parked messages, which are no difference', () => {
    const copy = copyOf();
    const row = "INSERT INTO parked VALUES ('ORDER_A', 1, 'order-events', 0, 99, '{}', '{}')";
    new Database(dataFile(copy, 'inventory')).exec(row).close();
    const { lines, ...rest } = terminal({ DATA_DIR: copy });

    expect(prove([], { ...rest })).toBe(0);
    expect(lines.join('\n')).toContain('! 1 parked message waits for its next attempt at inventory');
  });

  it('names the data folder that does not exist, creates nothing and exits with 1', () => {
    const nowhere = join(folder, 'nowhere');
    const { lines, ...rest } = terminal({ DATA_DIR: nowhere });

    expect(prove([], { ...rest })).toBe(1);
    expect(lines).toEqual([`! There is no data folder ${nowhere}. Start the store first, or set DATA_DIR.`]);
    expect(existsSync(nowhere)).toBe(false);
  });

  it('names the function whose data an older store wrote, and exits with 1', () => {
    const copy = copyOf();
    const forget = "DELETE FROM migration WHERE number = (SELECT max(number) FROM migration WHERE scope = 'order')";
    new Database(dataFile(copy, 'order')).exec(forget).close();
    const { lines, ...rest } = terminal({ DATA_DIR: copy });

    expect(prove([], { ...rest })).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`The data of order in ${copy} was written by an older store.`)]);
  });

  it('prints its exit codes with --help', () => {
    const { lines, ...rest } = terminal({});

    expect(prove(['--help'], { ...rest })).toBe(0);
    expect(lines.join('\n')).toContain('Exit code: 0');
  });
});
