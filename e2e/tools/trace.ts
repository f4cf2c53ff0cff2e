/** `npm run trace ORDER_001`: every message about an order, or a product, in causal order, and who has read it. */
import { printable } from '../../shared/core/printable.ts';
import type { TraceBody } from '../../shared/runtime/inspect/trace-representation.ts';
import { exampleLines, idText, jsonText, runAsMain, runCommand, toolCommand } from './command-line.ts';
import { traceTable } from './inspect-view.ts';
import { operations, PLACE_HELP } from './operations-client.ts';
import { StoreError, type Terminal } from './store-client.ts';

/** @throws StoreError where the store does not answer, refuses, or knows nothing of the key; UsageError */
export async function trace(args: readonly string[], terminal: Terminal): Promise<void> {
  const { env } = terminal;
  const command = toolCommand('trace', terminal)
    .description('Shows every message about an order, or a product, in causal order, and which functions have read it.')
    .argument('<key>', 'the id of the order or the product', idText)
    .option('--json', 'print the answer of the store')
    .addHelpText('after', `\n${exampleLines(env, 'trace', [['ORDER_001']])}\n\n${PLACE_HELP}`)
    .action(async (key: string, { json = false }: { json?: boolean }) => {
      const found = await operations<TraceBody>(`trace/${encodeURIComponent(key)}`, ['nodes', 'away'], env);
      if (json) terminal.out(jsonText(found));
      else show(key, found, terminal);
    });
  await runCommand(command, args, terminal);
}

function show(key: string, { nodes, away, isWhole }: TraceBody, terminal: Terminal): void {
  const missing =
    away.length === 0 ? '' : `${printable(away.join(', '))} does not answer, so what it knows is missing.`;
  if (nodes.length === 0) throw new StoreError(`Nothing is known of ${printable(key)}. ${missing}`.trim());
  terminal.out(traceTable(nodes, terminal));
  if (missing !== '') terminal.out(missing);
  if (!isWhole) terminal.out('There is more than is shown.');
}

await runAsMain(import.meta.url, trace);
