/** Dead letters as text for a terminal. */
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
  const table = newTable(['dead letter', 'function', 'status', 'message', 'attempts', 'dead since', 'cause']);
  for (const { letter, function: name, status, attributes, attempts, replays, diedAt, code, detail } of letters) {
    const tried = replays === 0 ? `${attempts}×` : `${attempts}×, ${replays} replayed`;
    table.push([letter, name, status, messageIn(attributes), tried, diedAt, `${code}: ${firstLine(detail)}`]);
  }
  return table.toString();
}

export function groupsTable(groups: readonly GroupBody[]): string {
  if (groups.length === 0) return 'No dead letters.';
  const table = newTable(['fingerprint', 'function', 'dead letters', 'oldest', 'newest', 'replays', 'cause']);
  for (const { fingerprint, function: name, count, oldest, newest, replays, code, detail } of groups) {
    table.push([fingerprint, name, count, oldest, newest, replays, `${code}: ${firstLine(detail)}`]);
  }
  return table.toString();
}

export function deadLetterText(deadLetter: DeadLetterBody, { bold }: Painter): string {
  const { attributes, topic, position, key, behind, value, detail, decisions, diedAt, attempts } = deadLetter;
  const waits = key === null ? 'It blocks no key.' : `It blocks ${key}: ${messages(behind)} behind it.`;
  const resolutions = decisions.map(({ at, action, who, reason }) => `  ${at} ${action} by ${who}: ${reason}`);
  return [
    `${bold(`Dead letter ${deadLetter.letter}`)} of ${deadLetter.function} is ${deadLetter.status}.`,
    `${messageIn(attributes)}, ${topic} at ${position}; dead since ${diedAt}, ${attempts}× tried.`,
    waits,
    '',
    `${bold(deadLetter.code)} (${deadLetter.fingerprint})`,
    detail,
    '',
    bold('Attributes'),
    ...Object.entries(attributes).map(([name, attribute]) => `  ${name}: ${JSON.stringify(attribute)}`),
    '',
    bold('Data'),
    value,
    ...(resolutions.length === 0 ? [] : ['', bold('Resolutions'), ...resolutions]),
  ].join('\n');
}

/** The changes of an edit: one line for each removed value and each added one. */
function diffLines(diff: ResolvedBody['diff'], { red, green }: Painter): readonly string[] {
  return (diff ?? []).flatMap((each) => [
    ...('before' in each ? [red(`− ${each.pointer || '/'} ${JSON.stringify(each.before)}`)] : []),
    ...('after' in each ? [green(`+ ${each.pointer || '/'} ${JSON.stringify(each.after)}`)] : []),
  ]);
}

/** What a resolution has done, or would do. */
export function resolvedText(action: string, resolved: ResolvedBody, paint: Painter): string {
  const { letter: deadLetter, foreseen, diff, behind, dryRun } = resolved;
  const head = dryRun
    ? `${paint.bold(`${action} ${deadLetter.letter}`)} of ${deadLetter.function} would do this:`
    : `${paint.bold(`Dead letter ${deadLetter.letter}`)} of ${deadLetter.function} is ${deadLetter.status}.`;
  const outcome = foreseen === null ? [] : [outcomeLine(foreseen, paint)];
  const written = (foreseen?.writes ?? []).map(({ table, row, removed }) => {
    return `  ${removed ? 'removes' : 'writes'} ${table} ${JSON.stringify(row)}`;
  });
  const published = (foreseen?.events ?? []).map(
    (event) => `  publishes ${event['type']} ${JSON.stringify(event['data'])}`,
  );
  const what = dryRun && Object.hasOwn(endings, action) ? [endings[action as keyof typeof endings]] : [];
  const waiting = behind === 0 ? [] : [`${messages(behind)} behind it ${progressOf(resolved)}.`];
  return [head, ...what, ...diffLines(diff, paint), ...outcome, ...published, ...written, ...waiting].join('\n');
}

const endings = {
  discard: 'It would never be handled.',
  compensate: 'Its order would be cancelled, where it still can be, and the message would never be handled.',
};

/** The messages behind it continue once it is handled or closed; if it fails again, it is a dead letter again. */
function progressOf({ dryRun, foreseen }: ResolvedBody): string {
  if (!dryRun) return 'can continue';
  return foreseen?.outcome === 'failed' ? 'would still wait' : 'would continue';
}

/** One line per batch of a round. */
export function batchLines(name: string, { waves }: ReplayedBody, { red, green }: Painter): readonly string[] {
  return waves.map(({ letters, passed, failed, waiting }) => {
    const parts = [green(`${passed} passed`), ...(failed === 0 ? [] : [red(`${failed} failed`)])];
    return `${name}: a batch of ${letters}: ${[...parts, ...(waiting === 0 ? [] : [`${waiting} wait`])].join(', ')}`;
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
