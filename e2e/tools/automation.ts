/** Puts the two sample products into stock, or removes all of inventory's data. Seeding twice changes nothing. */
import { Argument } from 'commander';
import { printableJson } from '../../shared/core/printable.ts';
import { runAsMain, runCommand, toolCommand } from './command-line.ts';
import { addressOf, ask, bodyOf, bold, scriptFor, type Terminal } from './store-client.ts';

const actions = {
  seed: { method: 'POST', path: '/automation-testing/seed', done: 'The stock is seeded.' },
  drop: { method: 'DELETE', path: '/automation-testing/all', done: "Inventory's data is removed." },
} as const;
type Action = keyof typeof actions;

/** @throws StoreError where the store does not answer or answers with a problem; UsageError */
export async function automation(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = toolCommand('automation', terminal)
    .description('Seeds or drops the stock of a running store that has ENABLE_AUTOMATION=true.')
    .addArgument(
      new Argument('<action>', 'seed: add the example data; drop: remove all data of inventory').choices(
        Object.keys(actions),
      ),
    )
    .option('--json', "print the answer's body as it comes")
    .addHelpText('after', '\nThe address of inventory is INVENTORY_URL, else INVENTORY_PORT (8901) of this machine.')
    .action((action: Action, { json = false }: { json?: boolean }) => send(action, json, terminal));
  await runCommand(command, args, terminal);
}

async function send(action: Action, isJson: boolean, terminal: Terminal): Promise<void> {
  const { method, path, done } = actions[action];
  const inventory = addressOf('INVENTORY', terminal.env);
  const answer = await ask(new URL(path, inventory), { method }, { place: 'INVENTORY' });
  // What is removed has no body.
  const text = answer.status === 204 ? '{}' : answer.text;
  bodyOf({ ...answer, text }, []);
  const next = [`curl ${inventory}/stock`, scriptFor(terminal.env, 'post-order-1')];
  if (isJson) terminal.out(printableJson(text));
  else terminal.out([bold(done, terminal), 'What to try next:', ...next.map((line) => `  ${line}`)].join('\n'));
}

await runAsMain(import.meta.url, automation);
