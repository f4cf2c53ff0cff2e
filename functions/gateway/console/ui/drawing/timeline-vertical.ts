/** The timeline of a narrow window: a row for each step, from top to bottom; the lanes are tracks at the left. */
import { EPISODE_MS, type TraceStep } from './causal-order.ts';
import { distancesOf } from './distances.ts';
import { ghostHeight, labelOf, type Placed } from './timeline.ts';
import type { Edge } from './timeline-edges.ts';
import type { Ahead, Ghost, OpenWait } from './what-follows.ts';

const TRACK_WIDTH = 18;
const TRACKS_LEFT = 12;
const CARD_HEIGHT = 46;
const ROW_GAP = 26;
const BREAK_GAP = 40;

/** The card of a row, and the place of its dot on the track of its lane. */
export interface Row<Item> extends Placed<Item> {
  readonly dot: { readonly x: number; readonly y: number };
  /** How far it is from the row above; null where that is not known. */
  readonly gap: { readonly text: string; readonly isBreak: boolean; readonly isBackwards: boolean } | null;
}

export interface VerticalTimeline {
  readonly width: number;
  readonly height: number;
  readonly tracks: readonly { readonly name: string; readonly x: number }[];
  readonly rows: readonly Row<TraceStep>[];
  readonly waits: readonly Row<OpenWait>[];
  readonly ghosts: readonly Row<Ghost>[];
  readonly edges: readonly Edge[];
}

type Item =
  | { readonly is: 'step'; readonly item: TraceStep }
  | { readonly is: 'wait'; readonly item: OpenWait }
  | { readonly is: 'ghost'; readonly item: Ghost };

/** `width`: that of the window's content, in pixels. */
export function verticalTimelineOf(
  { steps, lanes }: { readonly steps: readonly TraceStep[]; readonly lanes: readonly string[] },
  { waits, ghosts }: Ahead,
  { width }: { readonly width: number },
): VerticalTimeline {
  const tracks = lanes.map((name, index) => ({ name, x: TRACKS_LEFT + index * TRACK_WIDTH }));
  const left = TRACKS_LEFT + lanes.length * TRACK_WIDTH;
  const items: readonly Item[] = [
    ...steps.toSorted((one, other) => one.column - other.column).map((item) => ({ is: 'step', item }) as const),
    ...waits.map((item) => ({ is: 'wait', item }) as const),
    ...ghosts.map((item) => ({ is: 'ghost', item }) as const),
  ];
  const placed: { readonly of: Item; readonly row: Row<TraceStep | OpenWait | Ghost> }[] = [];
  let y = 0;
  const distances = distancesById(items);
  for (const of of items) {
    const { item } = of;
    const distance = distances.get(item.id) ?? null;
    const isBreak = distance !== null && distance > EPISODE_MS;
    y += placed.length === 0 ? 4 : isBreak ? BREAK_GAP : ROW_GAP;
    const height = of.is === 'ghost' ? Math.max(CARD_HEIGHT, ghostHeight(of.item)) : CARD_HEIGHT;
    const box = { x: left, y, width: Math.max(0, width - left - 2), height };
    const dot = { x: tracks.find(({ name }) => name === item.lane)?.x ?? TRACKS_LEFT, y: y + height / 2 };
    placed.push({ of, row: { item, box, dot, gap: distance === null ? null : { isBreak, ...labelOf(distance) } } });
    y += height;
  }
  const rowsOf = <Kind>(is: Item['is']) => placed.flatMap(({ of, row }) => (of.is === is ? [row as Row<Kind>] : []));
  return {
    width,
    height: y + 4,
    tracks,
    rows: rowsOf<TraceStep>('step'),
    waits: rowsOf<OpenWait>('wait'),
    ghosts: rowsOf<Ghost>('ghost'),
    edges: edgesOf(placed.map(({ of, row }) => ({ of, row }))),
  };
}

/** How far each step is from the one above it; notices come late and do not count. */
function distancesById(items: readonly Item[]): ReadonlyMap<string, number | null> {
  const steps = items.flatMap((of) => (of.is === 'step' && of.item.kind !== 'notice' ? [of.item] : []));
  const distances = distancesOf(steps.map(({ atMs }) => atMs));
  return new Map(steps.map(({ id }, index) => [id, distances[index] ?? null]));
}

function edgesOf(
  placed: readonly { readonly of: Item; readonly row: Row<TraceStep | OpenWait | Ghost> }[],
): readonly Edge[] {
  const dots = new Map(placed.map(({ row }) => [row.item.id, row.dot]));
  return placed.flatMap(({ of, row: { dot } }) => {
    const causes = of.is === 'step' ? of.item.causes : of.item.cause === null ? [] : [of.item.cause];
    const kind = of.is !== 'step' ? 'ahead' : of.item.kind === 'notice' ? 'notice' : of.item.relation;
    return causes.flatMap((cause) => {
      const from = dots.get(cause);
      if (from === undefined) return [];
      const bend = (dot.y - from.y) / 2;
      const path = `M${from.x} ${from.y}C${from.x} ${from.y + bend} ${dot.x} ${dot.y - bend} ${dot.x} ${dot.y - 8}`;
      const arrow = `M${dot.x - 4} ${dot.y - 11}L${dot.x} ${dot.y - 4}L${dot.x + 4} ${dot.y - 11}Z`;
      return [{ id: `${cause} ${of.item.id}`, to: of.item.id, kind, path, arrow, label: null } as const];
    });
  });
}
