/** `npm run prove`: reads the data of a store, also while it runs, and checks its ledger invariants. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { dataFile } from '../../functions/engine.ts';
import { functionNames } from '../../saga/choreography.ts';
import { exitCodeOf, jsonText, parseArguments, runAsMain, toolCommand } from '../tools/command-line.ts';
import { StoreError, type Terminal } from '../tools/store-client.ts';
import { checksOf, countDifferences } from './checks.ts';
import { readBooks } from './ledger.ts';
import { reportOf } from './report.ts';

const HELP = `
The data folder is DATA_DIR, else ./data. Nothing is written to it.
Exit code: 0 when every ledger invariant holds, 1 on any difference and where there is no data to read, 2 for
a command line that cannot be understood.`;

/** @returns the exit code */
export function prove(args: readonly string[], terminal: Terminal): number {
  const command = toolCommand('prove', terminal)
    .description('Checks the ledger invariants of a store: stock, orders, messages and notices, each with its figures.')
    .option('--json', 'print the figures and the checks as JSON')
    .addHelpText('after', HELP);
  try {
    parseArguments(command, args, terminal);
    return proveLedger(resolve(terminal.env['DATA_DIR'] || './data'), command.opts()['json'] === true, terminal);
  } catch (error) {
    return exitCodeOf(error, terminal);
  }
}

function proveLedger(dataDir: string, isJson: boolean, { env, isTty, columns, out }: Terminal): number {
  const ledger = readBooks(dataDir);
  // A single function that never started counts as empty; a folder without any is not that of a store.
  if (!functionNames.some((name) => existsSync(dataFile(dataDir, name)))) {
    throw new StoreError(`${dataDir} has no data of a store. Start the store first, or set DATA_DIR.`);
  }
  const checks = checksOf(ledger);
  const differences = countDifferences(checks);
  if (isJson) out(jsonText({ dataDir, isRight: differences === 0, differences, checks, books: ledger }));
  else out(reportOf(dataDir, ledger, checks, { hasColor: isTty && !env['NO_COLOR'], columns }));
  return differences === 0 ? 0 : 1;
}

await runAsMain(import.meta.url, prove);
