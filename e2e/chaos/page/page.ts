/** The report of a run as one self-contained HTML page. */
import { printable } from '../../../shared/core/printable.ts';
import type { FlightRecord } from '../flight-record.ts';
import type { StoreHistory } from '../history.ts';
import { errorsText } from '../live.ts';
import { type Fault, targets } from '../plan.ts';
import type { Verdict } from '../verdict.ts';
import { figuresOf, RIGHT, WRONG } from '../verdict-text.ts';
import { attemptsChart, CHART_HEIGHT, failuresOf, mostOf, mostOpen, openOrdersChart, stockChart } from './chart.ts';
import { compensationsOf } from './compensations.ts';
import { faultNames, LANE_HEIGHT, laneOf, secondsText } from './lane.ts';
import { LEGEND, MARKS } from './legend.ts';
import { type Scale, scaleOf, timeAxis } from './scale.ts';
import { STYLE } from './style.ts';
import { element, escaped, text, title } from './svg.ts';

const NAMES_WIDTH = 128;
const AXIS_HEIGHT = 20;
const SENTENCES_MAX = 20;
const SENTENCE_MAX = 1_000;

export interface PageData {
  readonly verdict: Verdict;
  readonly record: FlightRecord;
  readonly store: StoreHistory | null;
}

/** One row of the timeline: a name on the left, and what happened on the right. */
interface Row {
  readonly name: string;
  readonly about: string;
  readonly height: number;
  readonly drawing: string;
}

export function pageOf(data: PageData): string {
  const { verdict, record } = data;
  const scale = scaleOf(record.restMs ?? record.loadEndMs ?? 0);
  const heading = `saga-store chaos run, seed ${verdict.seed}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    element(
      'head',
      {},
      '<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>',
      element('title', {}, escaped(heading)),
      element('style', {}, STYLE),
    ),
    element(
      'body',
      {},
      element('main', {}, headerOf(data, heading), tilesOf(verdict), timelineOf(data, scale), LEGEND, tablesOf(data)),
    ),
    '</html>',
    '',
  ].join('\n');
}

function headerOf({ verdict, record }: PageData, heading: string): string {
  const began = new Date(record.startedAtMs).toISOString().replace('T', ' ').slice(0, 19);
  return element(
    'header',
    {},
    element('h1', {}, escaped(heading)),
    element('p', {}, escaped(`${began} UTC, ${secondsText(verdict.loadMs)} of load`)),
    element('p', {}, `Repeat the plan: ${element('code', {}, escaped(verdict.command))}`),
    verdictOf(verdict),
  );
}

function verdictOf({ isRight, lost, doubled, unexpected, books }: Verdict): string {
  if (isRight) {
    return element('div', { class: 'verdict' }, RIGHT);
  }
  const sentences = [
    ...lost.map((sentence) => `lost: ${sentence}`),
    ...doubled.map((sentence) => `doubled: ${sentence}`),
    ...unexpected.map((sentence) => `unexpected: ${sentence}`),
    ...books.differences.map((sentence) => `ledger: ${sentence}`),
  ];
  const items = sentences
    .slice(0, SENTENCES_MAX)
    .map((sentence) => element('li', {}, escaped(printable(sentence, SENTENCE_MAX))));
  const list = items.length === 0 ? '' : element('ul', {}, ...items);
  return element('div', { class: 'verdict wrong' }, WRONG, list);
}

function tilesOf({ orders, clients, faults, restarts, longestOutage, restMs, recovered }: Verdict): string {
  const injected = Object.values(faults.injected).reduce((sum, count) => sum + count, 0);
  const tiles: readonly (readonly [figure: string, what: string])[] = [
    [String(orders.posted), 'orders posted'],
    [String(orders.acknowledged), 'acknowledged'],
    [String(clients.replays), 'replayed answers'],
    [String(recovered.length), 'recovered without a clear answer'],
    [String(injected), 'faults injected'],
    [String(restarts), 'restarts'],
    [longestOutage === null ? 'none' : secondsText(longestOutage.lengthMs), 'longest outage'],
    [restMs === null ? 'never' : secondsText(restMs), 'time to settle'],
  ];
  const drawn = tiles.map(([figure, what]) =>
    element('div', { class: 'tile' }, element('b', {}, escaped(figure)), element('span', {}, escaped(what))),
  );
  return element('div', { class: 'tiles' }, ...drawn);
}

function rowsOf({ record, store }: PageData, scale: Scale): readonly Row[] {
  const compensations = compensationsOf(store, record);
  const lanes = targets.map((target): Row => {
    const retries = target === 'gateway' ? failuresOf(record) : [];
    const own = compensations.filter((compensation) => compensation.target === target);
    const drawing = laneOf({ target, record, compensations: own, retries }, scale);
    return { name: target, about: '', height: LANE_HEIGHT, drawing };
  });
  const height = CHART_HEIGHT;
  return [
    { name: 'clients', about: 'attempts', height, drawing: attemptsChart(record, scale) },
    ...lanes,
    {
      name: 'open orders',
      about: `at most ${mostOpen(record.samples)}`,
      height,
      drawing: openOrdersChart(record, scale),
    },
    ...movedProducts(record).map((productId) => ({
      name: productId,
      about: `stock, at most ${mostOf(record.samples, productId)}`,
      height,
      drawing: stockChart(record, productId, scale),
    })),
  ];
}

/** Products whose stock changed during the run. */
function movedProducts({ samples }: FlightRecord): readonly string[] {
  const levels = new Map<string, Set<string>>();
  for (const sample of samples) {
    for (const [productId, { onHand, reserved }] of Object.entries(sample.levels)) {
      const seen = levels.get(productId) ?? new Set();
      levels.set(productId, seen.add(`${onHand} ${reserved}`));
    }
  }
  return [...levels].flatMap(([productId, seen]) => (seen.size > 1 ? [productId] : [])).sort();
}

function timelineOf(data: PageData, scale: Scale): string {
  const rows = rowsOf(data, scale);
  const height = rows.reduce((sum, row) => sum + row.height, AXIS_HEIGHT);
  let y = AXIS_HEIGHT;
  const names: string[] = [];
  const drawings: string[] = [];
  for (const { name, about, height: rowHeight, drawing } of rows) {
    names.push(text(0, y + 34, name, { class: 'name' }));
    if (about !== '') names.push(text(0, y + 49, about));
    drawings.push(element('g', { class: 'row', 'data-name': name, transform: `translate(0,${y})` }, drawing));
    y += rowHeight;
  }
  const { loadEndMs } = data.record;
  const border = loadEndMs === null ? '' : borderAt(scale.x(loadEndMs), height);
  const svg = element(
    'svg',
    { width: scale.width, height, viewBox: `0 0 ${scale.width} ${height}`, role: 'img' },
    title('Timeline of the run'),
    MARKS,
    timeAxis(scale, height),
    ...drawings,
    border,
  );
  const left = element('svg', { width: NAMES_WIDTH, height }, ...names);
  return (
    element('h2', {}, 'Timeline') +
    element(
      'div',
      { class: 'timeline' },
      element('div', { class: 'names' }, left),
      element('div', { class: 'scroll' }, svg),
    )
  );
}

function borderAt(x: number, height: number): string {
  return element(
    'line',
    { class: 'border', x1: x, x2: x, y1: 14, y2: height },
    title('the load ends and all faults are cleared'),
  );
}

function tablesOf({ verdict, record }: PageData): string {
  const figures = figuresOf(verdict).map((cells) => rowOfCells(cells));
  const injections = record.injections.map(({ fault, atMs, outcome }) =>
    rowOfCells([
      secondsText(atMs),
      fault.target,
      faultNames[fault.kind],
      detailOf(fault),
      secondsText(fault.durationMs),
      outcome,
    ]),
  );
  const head = ['at', 'function', 'fault', 'detail', 'planned duration', 'outcome'].map((name) =>
    element('th', {}, name),
  );
  return [
    element('h2', {}, 'Figures'),
    element('table', {}, element('tbody', {}, ...figures, '')),
    element(
      'details',
      {},
      element('summary', {}, `All ${record.injections.length} faults`),
      element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...injections, '')),
    ),
  ].join('');
}

function detailOf({ kind, shiftMs, errors }: Fault): string {
  if (errors !== null) return errorsText(errors);
  return kind === 'clock' ? `${(shiftMs / 1_000).toFixed(0)} s off` : '';
}

function rowOfCells(cells: readonly string[]): string {
  return element('tr', {}, ...cells.map((cell) => element('td', {}, escaped(printable(cell)), '')));
}
