/** Dead letters as a person reads them. */
import Table from 'cli-table3';
import type {
  DeadLetterBody,
  DeadLetterSummaryBody,
  GroupBody,
  ReplayedBody,
  ResolvedBody,
} from '../../shared/runtime/dead-letters/schemas.ts';
import type { Terminal } from './store-client.ts';

const DETAIL_MAX = 60;

type Paint = (text: string) => string;
export interface Painter {
  readonly bold: Paint;
  readonly red: Paint;
  readonly green: Paint;
}

/** Colours, where the terminal shows them and `NO_COLOR` is not set. */
export function painterFor({ env, isTty }: Terminal): Painter {
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      isTty && !env['NO_COLOR'] ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: paint(1, 22), red: paint(31, 39), green: paint(32, 39) };
}

export function listOf(letters: readonly DeadLetterSummaryBody[]): string {
  if (letters.length === 0) return 'No dead letters.';
  const table = newTable(['letter', 'function', 'status', 'message', 'tried', 'given up', 'why']);
  for (const { letter, function: name, status, attributes, attempts, replays, diedAt, code, detail } of letters) {
    const tried = replays === 0 ? `${attempts}×` : `${attempts}×, ${replays} replayed`;
    table.push([letter, name, status, messageIn(attributes), tried, diedAt, `${code}: ${firstLine(detail)}`]);
  }
  return table.toString();
}

export function groupsTable(groups: readonly GroupBody[]): string {
  if (groups.length === 0) return 'No dead letters.';
  const table = newTable(['fingerprint', 'function', 'letters', 'oldest', 'newest', 'replays', 'why']);
  for (const { fingerprint, function: name, count, oldest, newest, replays, code, detail } of groups) {
    table.push([fingerprint, name, count, oldest, newest, replays, `${code}: ${firstLine(detail)}`]);
  }
  return table.toString();
}

export function deadLetterText(letter: DeadLetterBody, { bold }: Painter): string {
  const { attributes, topic, position, key, behind, value, detail, decisions } = letter;
  const waits = key === null ? 'It holds up nobody.' : `It holds up ${key}: ${messages(behind)} behind it.`;
  const decided = decisions.map(({ at, action, who, reason }) => `  ${at} ${action} by ${who}: ${reason}`);
  return [
    `${bold(`Letter ${letter.letter}`)} of ${letter.function} is ${letter.status}.`,
    `${messageIn(attributes)}, ${topic} at ${position}; given up at ${letter.diedAt} after ${letter.attempts}×.`,
    waits,
    '',
    `${bold(letter.code)} (${letter.fingerprint})`,
    detail,
    '',
    bold('Attributes'),
    ...Object.entries(attributes).map(([name, attribute]) => `  ${name}: ${JSON.stringify(attribute)}`),
    '',
    bold('Data'),
    value,
    ...(decided.length === 0 ? [] : ['', bold('Decisions'), ...decided]),
  ].join('\n');
}

/** What an edit changes, one line for each value that goes and each that comes. */
function diffLines(diff: ResolvedBody['diff'], { red, green }: Painter): readonly string[] {
  return (diff ?? []).flatMap((each) => [
    ...('before' in each ? [red(`− ${each.pointer || '/'} ${JSON.stringify(each.before)}`)] : []),
    ...('after' in each ? [green(`+ ${each.pointer || '/'} ${JSON.stringify(each.after)}`)] : []),
  ]);
}

/** What a decision has done, or would do. */
export function resolvedText(action: string, decided: ResolvedBody, paint: Painter): string {
  const { letter, foreseen, diff, behind, dryRun } = decided;
  const head = dryRun
    ? `${paint.bold(`${action} ${letter.letter}`)} of ${letter.function} would do this:`
    : `${paint.bold(`Letter ${letter.letter}`)} of ${letter.function} is ${letter.status}.`;
  const outcome = foreseen === null ? [] : [outcomeLine(foreseen, paint)];
  const wrote = (foreseen?.writes ?? []).map(({ table, row, removed }) => {
    return `  ${removed ? 'removes' : 'writes'} ${table} ${JSON.stringify(row)}`;
  });
  const said = (foreseen?.events ?? []).map((event) => `  says ${event['type']} ${JSON.stringify(event['data'])}`);
  const what = dryRun && Object.hasOwn(endings, action) ? [endings[action as keyof typeof endings]] : [];
  const waiting = behind === 0 ? [] : [`${messages(behind)} behind it ${goOn(decided)}.`];
  return [head, ...what, ...diffLines(diff, paint), ...outcome, ...said, ...wrote, ...waiting].join('\n');
}

const endings = {
  discard: 'It would never be handled.',
  compensate: 'Its order would be cancelled, where it still can be, and the message would never be handled.',
};

/** What waits may go on once the message is handled or over; one that fails again is a dead letter again. */
function goOn({ dryRun, foreseen }: ResolvedBody): string {
  if (!dryRun) return 'can go on';
  return foreseen?.outcome === 'failed' ? 'would wait on' : 'would go on';
}

/** One line for each wave of a round. */
export function batchLines(name: string, { waves }: ReplayedBody, { red, green }: Painter): readonly string[] {
  return waves.map(({ letters, passed, failed, waiting }) => {
    const parts = [green(`${passed} passed`), ...(failed === 0 ? [] : [red(`${failed} failed`)])];
    return `${name}: a wave of ${letters}: ${[...parts, ...(waiting === 0 ? [] : [`${waiting} wait`])].join(', ')}`;
  });
}

function outcomeLine({ outcome, error }: NonNullable<ResolvedBody['foreseen']>, { red, green }: Painter): string {
  return error === null ? green(`It would be ${outcome}.`) : red(`It would be ${outcome}: ${firstLine(error)}`);
}

function newTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [] } });
}

function messageIn(attributes: DeadLetterSummaryBody['attributes']): string {
  return `${String(attributes['type'] ?? '?')} ${String(attributes['subject'] ?? '?')}`;
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > DETAIL_MAX ? `${line.slice(0, DETAIL_MAX - 1)}…` : line;
}
