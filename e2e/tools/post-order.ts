/** Posts one of the two sample orders. Posting it again changes nothing: the first answer is replayed. */
import { Argument, Command } from 'commander';
import { type SampleOrderNumber, sampleOrders } from './orders.ts';
import { type Answer, addressOf, ask, bold, parseObject, runAsMain, type Terminal } from './store-client.ts';

/** @throws StoreError where the store does not answer or answers with a problem */
export async function postOrder(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = new Command('post-order')
    .description('Posts a sample order to the running store and waits up to 5 s for its outcome.')
    .addArgument(new Argument('<number>', 'which sample order').choices(Object.keys(sampleOrders)))
    .option('--json', "print the answer's body as it comes")
    .addHelpText('after', '\nThe address of the store is GATEWAY_URL, else GATEWAY_PORT (8900) of this machine.')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .parse([...args], { from: 'user' });

  const number = Number(command.args[0]) as SampleOrderNumber;
  const gateway = addressOf('GATEWAY', terminal.env);
  const answer = await post(gateway, number);
  terminal.out(command.opts()['json'] === true ? answer.text : summary(gateway, number, answer, terminal));
}

function post(gateway: string, number: SampleOrderNumber): Promise<Answer> {
  const { idempotencyKey, body } = sampleOrders[number];
  return ask(new URL('/orders', gateway), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, prefer: 'wait=5' },
    body: JSON.stringify(body),
  });
}

function summary(gateway: string, number: SampleOrderNumber, { status, headers, text }: Answer, terminal: Terminal) {
  const { orderId } = sampleOrders[number].body;
  const order = parseObject(text);
  const isReplay = headers.get('idempotent-replayed') === 'true';
  const items = Array.isArray(order['items']) ? order['items'] : [];
  const { detail } = { detail: null, ...(order['reason'] as { detail?: string } | null) };
  return [
    `${bold(`${orderId} is ${order['status']}`, terminal)}  (HTTP ${status}, ${isReplay ? 'a replay' : 'new'})`,
    ...(detail === null ? [] : [`  ${detail}`]),
    ...items.map((item) => `  ${item.productId}  ${item.quantity} × ${item.price}`),
    `  total ${order['totalPrice']} ${order['currency']}`,
    '',
    status === 202 ? 'It was accepted and has no outcome yet. What to try next:' : 'What to try next:',
    `  curl ${gateway}/orders/${orderId}`,
    `  curl ${gateway}/stock`,
    `  npm run post-order-${number}   again: the same answer, and the stock does not move`,
  ].join('\n');
}

await runAsMain(import.meta.url, postOrder);
