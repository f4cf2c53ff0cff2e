/** The legend: the marks of faults, and the meaning of each colour. */
import { faultKinds } from '../plan.ts';
import { faultNames } from './lane.ts';
import { element, escaped } from './svg.ts';

const stroke = 'fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"';
const shapes = {
  kill: `<path ${stroke} d="M2.5,2.5L9.5,9.5M9.5,2.5L2.5,9.5"/>`,
  freeze: `<path ${stroke} d="M4,2.5V9.5M8,2.5V9.5"/>`,
  stop: '<rect fill="currentColor" x="2.5" y="2.5" width="7" height="7" rx="1"/>',
  full: '<path fill="currentColor" d="M1.5,2.5H10.5L6,10.5Z"/>',
  clock: `<circle cx="6" cy="6" r="4.2" ${stroke.replace('2.2', '1.6')}/><path ${stroke.replace('2.2', '1.6')} d="M6,3.6V6L7.6,7"/>`,
  poison: '<path fill="currentColor" d="M6,1.5L10.5,6L6,10.5L1.5,6Z"/>',
  disk: `<circle cx="6" cy="6" r="4.2" ${stroke.replace('2.2', '1.6')}/><circle fill="currentColor" cx="6" cy="6" r="1.6"/>`,
} as const;

/** Defined once and referenced by id. */
export const MARKS = element(
  'defs',
  {},
  ...faultKinds.map((kind) => element('symbol', { id: `mark-${kind}`, viewBox: '0 0 12 12' }, shapes[kind])),
);

const swatches = [
  ['bed', 'up'],
  ['down', 'down'],
  ['starting', 'starting'],
  ['frozen', 'frozen'],
  ['stopping', 'stopping'],
  ['fault full', 'full disk'],
  ['fault clock', 'wrong clock'],
  ['fault poison', 'failing on some orders'],
  ['fault disk', 'disk errors'],
  ['compensation', 'compensations: rejected, cancelled, released, returned'],
  ['retry', 'failed attempts, which clients retry'],
  ['parked', 'messages in the retry queue'],
  ['acknowledged', 'acknowledged'],
  ['refused', 'refused'],
  ['failed', 'failed'],
  ['area open', 'orders without an outcome'],
  ['area on-hand', 'on hand'],
  ['area reserved', 'reserved, or waiting for goods'],
] as const;

function item(drawing: string, name: string): string {
  return element('span', {}, element('svg', { viewBox: '0 0 12 12' }, drawing), escaped(name));
}

export const LEGEND = element(
  'div',
  { class: 'legend' },
  ...faultKinds.map((kind) =>
    item(
      element('g', { class: `injection ${kind}` }, element('use', { href: `#mark-${kind}`, width: 12, height: 12 })),
      faultNames[kind],
    ),
  ),
  ...swatches.map(([name, what]) =>
    item(element('rect', { class: name, x: 0, y: 1.5, width: 12, height: 9, rx: 2 }), what),
  ),
);
