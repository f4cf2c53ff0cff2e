/** Dead letters as text for a terminal. Nearly all of it comes from other systems. */

import { printable, printableJson, printableLines } from '../../shared/core/printable.ts';
import type {
  DeadLetterBody,
  DeadLetterSummaryBody,
  GroupBody,
  ReplayedBody,
  ResolvedBody,
} from '../../shared/runtime/dead-letters/schemas.ts';
import type { Terminal } from './store-client.ts';
import { tableOf } from './table.ts';

const DETAIL_MAX = 60;
/** Characters that are shown of an id, of a value as JSON, and of a sentence. */
const ID_MAX = 64;
const JSON_MAX = 2_000;
const SENTENCE_MAX = 1_000;

type Paint = (text: string) => string;
export interface Painter {
  readonly bold: Paint;
  readonly red: Paint;
  readonly green: Paint;
}

/** Colours, where the terminal shows them and `NO_COLOR` is not set. */
export function painterFor({ env, isTty }: Pick<Terminal, 'env' | 'isTty'>): Painter {
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      isTty && !env['NO_COLOR'] ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: paint(1, 22), red: paint(31, 39), green: paint(32, 39) };
}

export function listOf(letters: readonly DeadLetterSummaryBody[], terminal: Pick<Terminal, 'columns'>): string {
  if (letters.length === 0) return 'No dead letters.';
  const head = ['dead letter', 'function', 'status', 'message', 'attempts', 'dead since', 'cause'];
  const rows = letters.map((each) => {
    const { letter, function: name, status, attributes, attempts, replays, diedAt, code, detail } = each;
    const tried = replays === 0 ? `${attempts}×` : `${attempts}×, ${replays} replayed`;
    return [letter, name, status, messageIn(attributes), tried, diedAt, `${code}: ${firstLine(detail)}`];
  });
  return tableOf({ head, rows }, terminal);
}

export function groupsTable(groups: readonly GroupBody[], terminal: Pick<Terminal, 'columns'>): string {
  if (groups.length === 0) return 'No dead letters.';
  const head = ['fingerprint', 'function', 'dead letters', 'oldest', 'newest', 'replays', 'cause'];
  const rows = groups.map(({ fingerprint, function: name, count, oldest, newest, replays, code, detail }) => {
    return [fingerprint, name, count, oldest, newest, replays, `${code}: ${firstLine(detail)}`];
  });
  return tableOf({ head, rows }, terminal);
}

export function deadLetterText(deadLetter: DeadLetterBody, { bold }: Painter): string {
  const { attributes, topic, position, key, behind, value, detail, decisions, diedAt, attempts } = deadLetter;
  const waits = key === null ? 'It blocks no key.' : `It blocks ${printable(key)}: ${messages(behind)} behind it.`;
  const resolutions = decisions.map(({ at, action, who, reason }) => {
    return `  ${printable(`${at} ${action} by ${who}: ${reason}`, SENTENCE_MAX)}`;
  });
  return [
    headOf(deadLetter, bold),
    printable(`${messageIn(attributes)}, ${topic} at ${position}; dead since ${diedAt}, ${attempts}× tried.`),
    waits,
    '',
    `${bold(printable(deadLetter.code))} (${printable(deadLetter.fingerprint)})`,
    printableLines(detail),
    '',
    bold('Attributes'),
    ...Object.entries(attributes).map(([name, attribute]) => `  ${printable(name)}: ${shownJson(attribute)}`),
    '',
    bold('Data'),
    printableLines(value),
    ...(resolutions.length === 0 ? [] : ['', bold('Resolutions'), ...resolutions]),
  ].join('\n');
}

/** The changes of an edit: one line for each removed value and each added one. */
function diffLines(diff: ResolvedBody['diff'], { red, green }: Painter): readonly string[] {
  return (diff ?? []).flatMap((each) => [
    ...('before' in each ? [red(`− ${printable(each.pointer || '/')} ${shownJson(each.before)}`)] : []),
    ...('after' in each ? [green(`+ ${printable(each.pointer || '/')} ${shownJson(each.after)}`)] : []),
  ]);
}

/** What a resolution has done, or would do. */
export function resolvedText(action: string, resolved: ResolvedBody, paint: Painter): string {
  const { letter: deadLetter, foreseen, diff, behind, dryRun } = resolved;
  const head = dryRun
    ? `${paint.bold(`${action} ${printable(deadLetter.letter)}`)} of ${printable(deadLetter.function)} would do this:`
    : headOf(deadLetter, paint.bold);
  const outcome = foreseen === null ? [] : [outcomeLine(foreseen, paint)];
  const written = (foreseen?.writes ?? []).map(({ table, row, removed }) => {
    return `  ${removed ? 'removes' : 'writes'} ${printable(table)} ${shownJson(row)}`;
  });
  const published = (foreseen?.events ?? []).map(
    (event) => `  publishes ${printable(String(event['type']))} ${shownJson(event['data'])}`,
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

/** One line per batch of a round, or one that says that there was nothing to do. */
export function batchLines(name: string, { waves, left }: ReplayedBody, { red, green }: Painter): readonly string[] {
  if (waves.length === 0 && left === 0) return [`${printable(name)}: there are no dead letters to replay`];
  return waves.map(({ letters, passed, failed, waiting }) => {
    const parts = [green(`${passed} passed`), ...(failed === 0 ? [] : [red(`${failed} failed`)])];
    return `${printable(name)}: a batch of ${letters}: ${[...parts, ...(waiting === 0 ? [] : [`${waiting} wait`])].join(', ')}`;
  });
}

function outcomeLine({ outcome, error }: NonNullable<ResolvedBody['foreseen']>, { red, green }: Painter): string {
  const ending = `It would be ${printable(outcome)}`;
  return error === null ? green(`${ending}.`) : red(`${ending}: ${firstLine(error)}`);
}

function headOf({ letter, function: name, status }: DeadLetterSummaryBody, bold: Paint): string {
  return `${bold(`Dead letter ${printable(letter)}`)} of ${printable(name)} is ${printable(status)}.`;
}

function messageIn(attributes: DeadLetterSummaryBody['attributes']): string {
  const [type, subject] = ['type', 'subject'].map((name) => printable(String(attributes[name] ?? '?'), ID_MAX));
  return `${type} ${subject}`;
}

/** As JSON within one line. */
function shownJson(value: unknown): string {
  return printable(printableJson(JSON.stringify(value) ?? 'undefined'), JSON_MAX);
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return printable(line.length > DETAIL_MAX ? `${line.slice(0, DETAIL_MAX - 1)}…` : line);
}
