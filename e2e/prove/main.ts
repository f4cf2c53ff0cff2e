/** `yarn prove`: reads the data of a store, also while it runs, and checks its ledger invariants. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import type { Terminal } from '../tools/store-client.ts';
import { checksOf, countDifferences } from './checks.ts';
import { readBooks } from './ledger.ts';
import { reportOf } from './report.ts';
import { NoDataError } from './snapshot.ts';

const HELP = `
The data folder is DATA_DIR, else ./data. Nothing is written to it.
Exit code: 0 when every ledger invariant holds, 1 on any difference, 2 when there is no data to read.`;

/** @returns the exit code */
export function prove(args: readonly string[], terminal: Terminal): number {
  const command = new Command('prove')
    .description('Checks the ledger invariants of a store: stock, orders, messages and notices, each with its figures.')
    .option('--json', 'print the figures and the checks as JSON')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  try {
    command.parse([...args], { from: 'user' });
    return proveLedger(resolve(terminal.env['DATA_DIR'] || './data'), command.opts()['json'] === true, terminal);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof NoDataError)) throw error;
    terminal.err(error.message);
    return 2;
  }
}

function proveLedger(dataDir: string, isJson: boolean, { env, isTty, out }: Terminal): number {
  const ledger = readBooks(dataDir);
  const checks = checksOf(ledger);
  const differences = countDifferences(checks);
  if (isJson) out(JSON.stringify({ dataDir, isRight: differences === 0, differences, checks, books: ledger }, null, 2));
  else out(reportOf(dataDir, ledger, checks, { hasColor: isTty && !env['NO_COLOR'] }));
  return differences === 0 ? 0 : 1;
}

const [, file, ...args] = process.argv;
if (file !== undefined && pathToFileURL(file).href === import.meta.url) {
  process.exitCode = prove(args, {
    env: process.env,
    isTty: process.stdout.isTTY === true,
    out: (text) => console.log(text),
    err: (text) => console.error(text),
  });
}
