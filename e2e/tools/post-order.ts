/** Posts one of the two sample orders. Posting it again changes nothing: the first answer is replayed. */
import { Argument } from 'commander';
import { printable, printableJson } from '../../shared/core/printable.ts';
import { runAsMain, runCommand, toolCommand } from './command-line.ts';
import { type SampleOrderNumber, sampleOrders } from './orders.ts';
import { ADDRESS_HELP, type Answer, addressOf, ask, bodyOf, bold, scriptFor, type Terminal } from './store-client.ts';

/** @throws StoreError where the store does not answer or answers with a problem; UsageError */
export async function postOrder(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = toolCommand('post-order', terminal)
    .description('Posts a sample order to the running store and waits up to 5 s for its outcome.')
    .addArgument(new Argument('<number>', 'which sample order').choices(Object.keys(sampleOrders)))
    .option('--json', "print the answer's body as it comes")
    .addHelpText('after', `\n${ADDRESS_HELP}`)
    .action(async (text: string, { json = false }: { json?: boolean }) => {
      const number = Number(text) as SampleOrderNumber;
      const gateway = addressOf('GATEWAY', terminal.env);
      const answer = await post(gateway, number);
      const order = bodyOf<OrderBody>(answer, ['status']);
      terminal.out(json ? printableJson(answer.text) : summary(gateway, number, answer, order, terminal));
    });
  await runCommand(command, args, terminal);
}

/** The fields of an order that are shown. */
interface OrderBody {
  readonly status: unknown;
  readonly reason?: { readonly detail?: unknown } | null;
  readonly items?: unknown;
  readonly totalPrice?: unknown;
  readonly currency?: unknown;
}

function post(gateway: string, number: SampleOrderNumber): Promise<Answer> {
  const { idempotencyKey, body } = sampleOrders[number];
  return ask(new URL('/orders', gateway), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, prefer: 'wait=5' },
    body: JSON.stringify(body),
  });
}

function summary(
  gateway: string,
  number: SampleOrderNumber,
  { status, headers }: Answer,
  order: OrderBody,
  terminal: Terminal,
): string {
  const { orderId } = sampleOrders[number].body;
  const isReplay = headers.get('idempotent-replayed') === 'true';
  const items = Array.isArray(order.items) ? order.items : [];
  const detail = order.reason?.detail ?? null;
  return [
    `${bold(`${orderId} is ${said(order.status)}`, terminal)}  (HTTP ${status}, ${isReplay ? 'a replay' : 'new'})`,
    ...(detail === null ? [] : [`  ${said(detail)}`]),
    ...items.map((item) => `  ${said(item?.productId)}  ${said(item?.quantity)} × ${said(item?.price)}`),
    `  total ${said(order.totalPrice)} ${said(order.currency)}`,
    '',
    status === 202 ? 'It was accepted and has no outcome yet. What to try next:' : 'What to try next:',
    `  curl ${gateway}/orders/${orderId}`,
    `  curl ${gateway}/stock`,
    `  ${scriptFor(terminal.env, `post-order-${number}`)}   again: the same answer, and the stock does not move`,
  ].join('\n');
}

function said(value: unknown): string {
  return printable(String(value));
}

await runAsMain(import.meta.url, postOrder);
