/** `yarn why ORDER_001`: prints what exactly an order waits for. */
import { Command } from 'commander';
import { addressOf, ask, bold, parseObject, runAsMain, type Terminal } from './store-client.ts';

/** @throws StoreError where the store does not answer, or knows no such order */
export async function why(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = new Command('why')
    .description('Shows what an order waits for: where, since when, why, and what happens next.')
    .argument('<orderId>', 'the order')
    .option('--json', "print the answer's body as it comes")
    .addHelpText('after', '\nThe address of the store is GATEWAY_URL, else GATEWAY_PORT (8900) of this machine.')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .parse([...args], { from: 'user' });

  const path = `/orders/${encodeURIComponent(command.args[0] ?? '')}/why`;
  const { text } = await ask(new URL(path, addressOf('GATEWAY', terminal.env)), {});
  terminal.out(command.opts()['json'] === true ? text : summary(parseObject(text), terminal));
}

function summary({ summary, waits }: Record<string, unknown>, terminal: Terminal): string {
  const entries = Array.isArray(waits) ? (waits as readonly Record<string, string>[]) : [];
  return [
    bold(String(summary), terminal),
    ...entries.map(({ at, kind, detail, letter }) =>
      [
        `  ${at}  ${kind}  ${detail}`,
        ...(letter ? [`    npm run dead-letters -- show ${letter} --function ${at}`] : []),
      ].join('\n'),
    ),
  ].join('\n');
}

await runAsMain(import.meta.url, why);
