/** Shows the notices to customers of a running store, and sends failed ones again. Without --yes nothing is changed. */
import { type Command, Option } from 'commander';
import type {
  AllSentAgainBody,
  NoticeBody,
  OperatorNoticeBody,
  SentAgainBody,
} from '../../functions/notification/representation.ts';
import { printable } from '../../shared/core/printable.ts';
import {
  exampleLines,
  idText,
  jsonText,
  runAsMain,
  runCommand,
  toolCommand,
  userName,
  wholeNumber,
} from './command-line.ts';
import { listOf, noticeText, stateOf } from './notices-view.ts';
import { operatorHeaders, PLACE_HELP } from './operations-client.ts';
import { addressOf, ask, bodyOf, StoreError, type Terminal, UsageError } from './store-client.ts';
import { waitUntil } from './wait-until.ts';

function helpFor(env: Terminal['env']): string {
  const examples: readonly (readonly [args: string, what?: string])[] = [
    ['list --failed'],
    ['show 0123abcd-…'],
    ['send-again 0123abcd-…', 'a dry run: what would happen'],
    ['send-again 0123abcd-… --yes --reason "the address is right now"'],
    ['send-again --all-failed --yes --reason "the mail server is back"'],
  ];
  return `
${exampleLines(env, 'notices', examples)}

${PLACE_HELP}
Exit codes: 0 done, 1 refused or failed, 2 a command line that cannot be understood.`;
}

const LIMIT_MAX = 200;
const PATH = '/operations/notification/notices';
/** How long `send-again` waits for the next attempt. */
const TRIED_MS_MAX = 15_000;

interface Options {
  readonly failed?: boolean;
  readonly pending?: boolean;
  readonly sent?: boolean;
  readonly order?: string;
  readonly customer?: string;
  readonly limit?: number;
  readonly json?: boolean;
  readonly allFailed?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly reason?: string;
}

/** @throws StoreError where the store does not answer or refuses, or the notice fails again; UsageError */
export async function notices(args: readonly string[], terminal: Terminal): Promise<void> {
  const program = toolCommand('notices', terminal)
    .description('Shows the notices to customers, and sends failed ones again.')
    .addHelpText('after', helpFor(terminal.env));
  addCommands(program, terminal);
  await runCommand(program, args, terminal);
}

function addCommands(program: Command, terminal: Terminal): void {
  const json = () => new Option('--json', 'print the response of the store');
  program
    .command('list')
    .description('list notices, the oldest first; failed ones by default')
    .option('--failed', 'those that have failed')
    .option('--pending', 'those that are not sent yet')
    .option('--sent', 'those that are sent')
    .option('--order <orderId>', 'all of this order, unless a status is given')
    .option('--customer <customerId>', 'all to this customer, unless a status is given')
    .option('--limit <count>', 'at most this many, up to 200', wholeNumber(1, LIMIT_MAX), 50)
    .addOption(json())
    .action((options: Options) => list(options, terminal));
  program
    .command('show')
    .description('show all of a notice, and who sent it again')
    .argument('<id>', 'the notice', idText)
    .addOption(json())
    .action((id: string, options: Options) => show(id, options, terminal));
  program
    .command('send-again')
    .description('send one failed notice again, or all of them; each gets all its attempts anew')
    .argument('[id]', 'the notice', idText)
    .option('--all-failed', 'all that have failed')
    .option('--yes', 'do it; without this nothing is changed')
    .option('--dry-run', 'only show what would happen, also with --yes')
    .option('--who <name>', 'who sends it again', userName())
    .option('--reason <text>', 'why; needed with --yes')
    .addOption(json())
    .action((id: string | undefined, options: Options) => sendAgain(id, options, terminal));
}

async function list(options: Options, terminal: Terminal): Promise<void> {
  const { failed, pending, sent, order, customer, limit = 50, json } = options;
  const statuses = Object.entries({ failed, pending, sent }).flatMap(([status, isAsked]) => (isAsked ? [status] : []));
  if (statuses.length > 1) throw new UsageError('list takes one of --failed, --pending and --sent.');
  const isWhole = order !== undefined || customer !== undefined;
  const status = statuses[0] ?? (isWhole ? undefined : 'failed');
  const query = { status, orderId: order, customerId: customer, limit: String(limit) };
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const page = await call<NoticesBody>(terminal, `/notifications?${new URLSearchParams(given)}`, ['notifications']);
  terminal.out(json === true ? jsonText(page) : listOf(page.notifications, terminal));
  if (json !== true && page._links?.next !== undefined) terminal.out('There are more; --limit takes up to 200.');
}

interface NoticesBody {
  readonly notifications: readonly NoticeBody[];
  readonly _links?: { readonly next?: unknown };
}

async function show(id: string, { json }: Options, terminal: Terminal): Promise<void> {
  const found = await notice(terminal, id);
  terminal.out(json === true ? jsonText(found) : noticeText(found));
}

async function sendAgain(id: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const { allFailed = false } = options;
  if ((id === undefined) === !allFailed) throw new UsageError('send-again needs either a notice or --all-failed.');
  const { who = '', reason, yes = false } = options;
  const dryRun = options.dryRun === true || !yes;
  if (!dryRun && reason === undefined) {
    throw new UsageError('With --yes a --reason is needed: it is stored with the notice.');
  }
  const signed = { who, reason: reason ?? 'a dry run', dryRun };
  if (id === undefined) await sendAllAgain(signed, options, terminal);
  else await sendOneAgain(id, signed, options, terminal);
  if (dryRun && options.json !== true) {
    terminal.out('\nThis was a dry run: nothing has changed. To do it, add --yes and --reason.');
  }
}

interface Signed {
  readonly who: string;
  readonly reason: string;
  readonly dryRun: boolean;
}

async function sendOneAgain(id: string, signed: Signed, { json }: Options, terminal: Terminal): Promise<void> {
  const path = `${PATH}/${encodeURIComponent(id)}/send-again`;
  const { dryRun, notification } = await call<SentAgainBody>(terminal, path, ['notification'], signed);
  const after = dryRun ? notification : await tried(terminal, id, notification);
  if (json === true) terminal.out(jsonText({ dryRun, notification: after }));
  else terminal.out(dryRun ? `It would be sent again: ${stateOf(after)}` : stateOf(after));
  if (!dryRun && after.status === 'failed') throw new StoreError(`Notice ${printable(id)} has failed again.`);
}

/** Page by page, so that notices that fail again meanwhile are not sent again and again. */
async function sendAllAgain(signed: Signed, { json }: Options, terminal: Terminal): Promise<void> {
  let sentAgain = 0;
  let cursor: string | null = null;
  do {
    const body: object = { ...signed, ...(cursor === null ? {} : { cursor }) };
    const answer: AllSentAgainBody = await call<AllSentAgainBody>(terminal, `${PATH}/send-again`, ['next'], body);
    if (json === true) terminal.out(jsonText(answer, 0));
    sentAgain += answer.sentAgain;
    cursor = answer.next;
  } while (cursor !== null);
  if (json !== true)
    terminal.out(`${sentAgain} failed notices ${signed.dryRun ? 'would be' : 'are being'} sent again.`);
}

/** The notice after its next attempt, or as it is when that takes long. */
async function tried(terminal: Terminal, id: string, first: OperatorNoticeBody): Promise<OperatorNoticeBody> {
  let found = first;
  const isTried = async () => {
    found = await notice(terminal, id);
    return found.status !== 'pending' || found.attempts > 0;
  };
  await waitUntil(isTried, { timeoutMs: TRIED_MS_MAX }).catch((error: unknown) => {
    if (error instanceof StoreError) throw error;
  });
  return found;
}

function notice(terminal: Terminal, id: string): Promise<OperatorNoticeBody> {
  return call<OperatorNoticeBody>(terminal, `${PATH}/${encodeURIComponent(id)}`, ['status', 'sentAgain']);
}

/** A POST where there is a body. */
async function call<Body extends object>(
  { env }: Terminal,
  path: string,
  fields: readonly (keyof Body & string)[],
  body?: object,
): Promise<Body> {
  const headers = { 'content-type': 'application/json', ...operatorHeaders(env) };
  const request = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  return bodyOf<Body>(await ask(new URL(path, addressOf('GATEWAY', env)), request), fields);
}

await runAsMain(import.meta.url, notices);
