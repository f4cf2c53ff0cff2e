/** `npm run why ORDER_001`: prints what exactly an order waits for; of a product, for which orders units are set aside. */
import { printable, printableJson } from '../../shared/core/printable.ts';
import { idText, runAsMain, runCommand, toolCommand } from './command-line.ts';
import {
  ADDRESS_HELP,
  type Answer,
  addressOf,
  ask,
  bodyOf,
  bold,
  StoreError,
  scriptFor,
  type Terminal,
} from './store-client.ts';

/** Characters of a sentence that are shown. */
const SENTENCE_MAX = 1_000;

/** @throws StoreError where the store does not answer, or knows no such order and no such product; UsageError */
export async function why(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = toolCommand('why', terminal)
    .description(
      'Shows what an order waits for: where, since when, why, and what happens next. Of a product it shows what is ' +
        'reserved, set aside and for which orders, and available.',
    )
    .argument('<id>', 'the order, or the product when there is no such order', idText)
    .option('--json', "print the answer's body as it comes")
    .addHelpText('after', `\n${ADDRESS_HELP}`)
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const answer = await answerAbout(encodeURIComponent(id), addressOf('GATEWAY', terminal.env));
      const body = bodyOf<WhyBody>(answer, ['summary']);
      terminal.out(json ? printableJson(answer.text) : summaryOf(body, terminal));
    });
  await runCommand(command, args, terminal);
}

interface WhyBody {
  readonly summary: unknown;
  readonly waits?: unknown;
}

/** @throws StoreError the answer about the order, where there is no such product either */
async function answerAbout(id: string, store: string): Promise<Answer> {
  try {
    return await ask(new URL(`/orders/${id}/why`, store), {});
  } catch (error) {
    if (!(error instanceof StoreError) || error.status !== 404) throw error;
    const ofProduct = await ask(new URL(`/stock/${id}/why`, store), {}).catch(() => null);
    if (ofProduct === null) throw error;
    return ofProduct;
  }
}

function summaryOf({ summary, waits }: WhyBody, terminal: Terminal): string {
  const { env } = terminal;
  const entries = Array.isArray(waits) ? (waits as readonly Record<string, unknown>[]) : [];
  return [
    bold(said(summary), terminal),
    ...entries.map(({ at, kind, detail, letter, message, until, attempt }) =>
      [
        `  ${said(at)}  ${said(kind)}  ${said(detail)}`,
        ...(letter ? [`    ${scriptFor(env, 'dead-letters', 'show', said(letter), '--function', said(at))}`] : []),
        // What waits in an outbox is sent by itself, and was not attempted for itself.
        ...(kind === 'unsent' && attempt && !until
          ? [`    ${scriptFor(env, 'notices', 'send-again', idOf(message))}`]
          : []),
      ].join('\n'),
    ),
  ].join('\n');
}

function idOf(message: unknown): string {
  return typeof message === 'object' && message !== null && 'id' in message ? said(message.id) : '';
}

function said(value: unknown): string {
  return printable(String(value), SENTENCE_MAX);
}

await runAsMain(import.meta.url, why);
