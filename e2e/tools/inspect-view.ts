/** A running store as text for a terminal. Names, times and contents may come from anywhere. */
import { printable, printableJson, printableLines } from '../../shared/core/printable.ts';
import type {
  FunctionBody,
  MessageBody,
  PercentilesBody,
  TopicBody,
} from '../../shared/runtime/inspect/representation.ts';
import type { FoundMessageBody, NodeBody, ReadBody } from '../../shared/runtime/inspect/trace-representation.ts';
import { painterFor } from './dead-letters-view.ts';
import type { Terminal } from './store-client.ts';
import { type Cell, tableOf } from './table.ts';

/** Characters that are shown of data as JSON. */
const DATA_MAX = 2_000;
const LINE_MAX = 80;

type View = Pick<Terminal, 'columns' | 'env' | 'isTty'>;

export function functionsTable(functions: readonly FunctionBody[], terminal: View): string {
  const { red, green } = painterFor(terminal);
  const head = ['function', 'state', 'parked', 'dead letters', 'commit p50/p99 ms', 'clock', 'why'];
  const rows = functions.map((each): Cell[] => [
    each.name,
    { text: each.state, paint: each.state === 'up' ? green : red },
    numberOf(each.parked),
    numberOf(each.deadLetters),
    timesOf(each.commitMs),
    skewOf(each.clockSkewMs),
    each.detail ?? '',
  ]);
  return tableOf({ head, rows, right: [2, 3] }, terminal);
}

export function topicsTable(topics: readonly TopicBody[], terminal: View): string {
  const head = ['topic', 'reader', 'partition', 'position', 'end', 'unread', 'the oldest since'];
  const rows = topics.flatMap(({ name, readers, end, detail }): (string | number)[][] => {
    if (readers.length === 0) return [[name, '', '', '', numberOf(end), '', detail ?? 'no function reads it']];
    return readers.map((reader) => {
      const { group, partition, position, lag, oldestUnreadAt } = reader;
      return [name, group, partition, position, reader.end, lag, oldestUnreadAt ?? ''];
    });
  });
  return tableOf({ head, rows, right: [2, 3, 4, 5] }, terminal);
}

export function messagesTable(messages: readonly MessageBody[], terminal: View): string {
  if (messages.length === 0) return 'No messages.';
  const head = ['position', 'partition', 'time', 'message', 'key', 'id', 'data'];
  const rows = messages.map(({ position, partition, attributes, data }) => [
    position,
    partition,
    attributeOf(attributes, 'time'),
    attributeOf(attributes, 'type'),
    attributeOf(attributes, 'partitionkey') || attributeOf(attributes, 'subject'),
    attributeOf(attributes, 'id'),
    shortened(JSON.stringify(data) ?? ''),
  ]);
  return tableOf({ head, rows, right: [0, 1] }, terminal);
}

/** One message, whole, with who has read it. */
export function messageText({ message, topic, position, reads, away }: FoundMessageBody, terminal: Terminal): string {
  const { bold } = painterFor(terminal);
  const lines =
    message === null ? ['It came by HTTP, and commands that do so are not stored.'] : wholeLines(message, bold);
  const place = topic === null ? [] : [printable(`${topic} at ${position}`)];
  return [
    ...place,
    ...lines,
    '',
    bold('Read by'),
    ...(reads.length === 0 ? ['  no function handles it'] : reads.map((read) => `  ${printable(readText(read))}`)),
    ...(away.length === 0 ? [] : [`  ${printable(away.join(', '))} does not answer`]),
  ].join('\n');
}

function wholeLines(
  { attributes, data, isCut, isText }: MessageBody,
  bold: (text: string) => string,
): readonly string[] {
  const shown = isText ? String(data) : JSON.stringify(data, null, 2);
  const text = isText ? printableLines(shown) : printableJson(shown);
  return [
    bold('Attributes'),
    ...Object.entries(attributes).map(([name, value]) => `  ${printable(name)}: ${printable(textOf(value), DATA_MAX)}`),
    '',
    bold('Data'),
    text.length > DATA_MAX ? `${text.slice(0, DATA_MAX)} …` : text,
    ...(isCut ? ['It is longer than is shown.'] : []),
  ];
}

/** The steps of a trace, each with its cause by its number. */
export function traceTable(nodes: readonly NodeBody[], terminal: View): string {
  const numbers = new Map(nodes.map(({ id }, n) => [id, n + 1]));
  const head = ['', 'time', 'at', 'message', 'answers', 'read by', 'id'];
  const rows = nodes.map((node, n) => [
    n + 1,
    node.time ?? '',
    node.at,
    node.type ?? `a ${node.kind}`,
    node.causationId === null ? '' : (numbers.get(node.causationId) ?? ''),
    node.notice === null ? node.reads.map(readText).join(', ') : noticeText(node.notice),
    node.id,
  ]);
  return tableOf({ head, rows, right: [0, 4] }, terminal);
}

function readText({ by, state, letter }: ReadBody): string {
  return letter === null ? `${by}: ${state}` : `${by}: ${state} (dead letter ${letter})`;
}

function noticeText({ status, detail }: NonNullable<NodeBody['notice']>): string {
  return detail === null ? status : `${status}: ${detail}`;
}

function numberOf(value: number | null): string | number {
  return value ?? '?';
}

function timesOf(percentiles: PercentilesBody | null): string {
  return percentiles === null || percentiles.p50 === null ? '' : `${percentiles.p50} / ${percentiles.p99}`;
}

/** A clock of another machine is never exactly right; what is less than a second off is not worth a word. */
function skewOf(skewMs: number | null): string {
  if (skewMs === null || Math.abs(skewMs) < 1_000) return '';
  return `${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
}

function attributeOf(attributes: MessageBody['attributes'], name: string): string {
  const value = attributes[name];
  return value === undefined ? '' : textOf(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function shortened(text: string): string {
  return text.length > LINE_MAX ? `${text.slice(0, LINE_MAX - 1)}…` : text;
}
