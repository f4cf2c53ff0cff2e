/** `npm run status`: how the functions of a running store are, and how far each has read each topic. */
import type { FunctionsBody, TopicsBody } from '../../shared/runtime/inspect/representation.ts';
import { exampleLines, jsonText, runAsMain, runCommand, toolCommand } from './command-line.ts';
import { functionsTable, topicsTable } from './inspect-view.ts';
import { operations, PLACE_HELP } from './operations-client.ts';
import type { Terminal } from './store-client.ts';

/** @throws StoreError where the store does not answer, or refuses; UsageError */
export async function status(args: readonly string[], terminal: Terminal): Promise<void> {
  const { env } = terminal;
  const examples = exampleLines(env, 'status', [['--json', 'for programs']]);
  const command = toolCommand('status', terminal)
    .description(
      'Shows the state of each function of a running store, and how far it has read each topic. The position of a function ' +
        'that does not run is shown as well: the writer of a topic knows it.',
    )
    .option('--json', 'print the answers of the store')
    .addHelpText('after', `\n${examples}\n\n${PLACE_HELP}`)
    .action(async ({ json = false }: { json?: boolean }) => {
      const [{ functions }, { topics }] = await Promise.all([
        operations<FunctionsBody>('functions', ['functions'], env),
        operations<TopicsBody>('topics', ['topics'], env),
      ]);
      if (json) terminal.out(jsonText({ functions, topics }));
      else terminal.out(`${functionsTable(functions, terminal)}\n\n${topicsTable(topics, terminal)}`);
    });
  await runCommand(command, args, terminal);
}

await runAsMain(import.meta.url, status);
