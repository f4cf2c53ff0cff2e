/** Puts the two sample products into stock, or removes all of inventory's data. Seeding twice changes nothing. */
import { Argument, Command } from 'commander';
import { addressOf, ask, bold, runAsMain, type Terminal } from './store-client.ts';

const actions = {
  seed: { method: 'POST', path: '/automation-testing/seed', done: 'The stock is seeded.' },
  drop: { method: 'DELETE', path: '/automation-testing/all', done: "Inventory's data is removed." },
} as const;

/** @throws StoreError where the store does not answer or answers with a problem */
export async function automation(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = new Command('automation')
    .description('Seeds or drops the stock of a running store that has ENABLE_AUTOMATION=true.')
    .addArgument(new Argument('<action>').choices(Object.keys(actions)))
    .option('--json', "print the answer's body as it comes")
    .addHelpText('after', '\nThe address of inventory is INVENTORY_URL, else INVENTORY_PORT (8901) of this machine.')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .parse([...args], { from: 'user' });

  const { method, path, done } = actions[command.args[0] as keyof typeof actions];
  const inventory = addressOf('INVENTORY', terminal.env);
  const { text } = await ask(new URL(path, inventory), { method });
  if (command.opts()['json'] === true) terminal.out(text);
  else terminal.out(`${bold(done, terminal)}\nWhat to try next:\n  curl ${inventory}/stock\n  npm run post-order-1`);
}

await runAsMain(import.meta.url, automation);
