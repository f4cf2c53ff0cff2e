/** The choreography as a graph of events: who emits them, what follows from what, and how far each is from the start. */
import type { StoreBody } from '../../../../../shared/runtime/inspect/representation.ts';

export type Saga = StoreBody['saga'];
type Step = Saga['steps'][number];

/** `lane`: the function that emits the event, or that ends the way where it emits nothing. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly lane: string;
  readonly column: number;
  readonly kind: 'event' | 'end';
  readonly isPivot: boolean;
  /** The commands that make the event, besides other events. */
  readonly commands: readonly string[];
}

/** What `by` does with `from` leads to `to`. Only `isBack` runs to the left. */
export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly isCompensation: boolean;
  readonly isBack: boolean;
}

export interface SagaGraph {
  readonly lanes: readonly string[];
  readonly columns: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

type Pair = readonly [from: string, to: string];
type Link = Omit<GraphEdge, 'id' | 'isBack'>;

/** The events that the first one leads to, or that lead to its outcome; what has nothing to do with it is left out. */
export function graphOf(saga: Saga): SagaGraph {
  const emitted = new Map(saga.steps.flatMap(({ emits, by }) => emits.map((event) => [event, by] as const)));
  const isEvent = (type: string) => emitted.has(type);
  const links = saga.steps.flatMap((step) => linksOf(step, isEvent));
  const ids = connected(saga, links, isEvent);
  const before = [...links.map(({ from, to }) => [from, to] as const), ...lifecycleOrder(saga)];
  const order = before.filter(([from, to]) => ids.has(from) && ids.has(to));
  const columns = columnsOf([...ids], order);
  const nodes = [...ids].map((id): GraphNode => {
    const end = links.find(({ to }) => to === id && !isEvent(id));
    return {
      id,
      name: end === undefined ? id : 'notice',
      lane: emitted.get(id) ?? end?.by ?? '',
      column: columns.get(id) ?? 0,
      kind: end === undefined ? 'event' : 'end',
      isPivot: saga.steps.some(({ kind, emits }) => kind === 'pivot' && emits.includes(id)),
      commands: saga.steps.filter(({ on, emits }) => !isEvent(on) && emits.includes(id)).map(({ on }) => on),
    };
  });
  const edges = links
    .filter(({ from, to }) => ids.has(from) && ids.has(to))
    .map((link) => ({
      ...link,
      id: edgeId(link.from, link.to),
      isBack: (columns.get(link.from) ?? 0) >= (columns.get(link.to) ?? 0),
    }));
  const lanes = saga.functions.filter((name) => nodes.some(({ lane }) => lane === name));
  return { lanes, columns: Math.max(0, ...nodes.map(({ column }) => column)) + 1, nodes, edges };
}

export function edgeId(from: string, to: string): string {
  return `${from}→${to}`;
}

/** The node that stands for what `by` does with `event` where it emits nothing. */
export function endId(event: string, by: string): string {
  return `${event}@${by}`;
}

/** Commands are no nodes. */
function linksOf({ on, by, emits, kind }: Step, isEvent: (type: string) => boolean): readonly Link[] {
  if (!isEvent(on)) return [];
  const to = emits.length === 0 ? [endId(on, by)] : emits;
  return to.map((event) => ({ from: on, to: event, by, isCompensation: kind === 'compensation' }));
}

/** The nodes that hang together with the event that begins a saga, in the order of the choreography. */
function connected(saga: Saga, links: readonly Link[], isEvent: (type: string) => boolean): ReadonlySet<string> {
  const first = saga.transitions.find(({ from }) => from === null)?.event;
  const found = new Set(first !== undefined && isEvent(first) ? [first] : []);
  for (const { event } of saga.transitions) if (isEvent(event)) found.add(event);
  let size = 0;
  while (size < found.size) {
    size = found.size;
    for (const { from, to } of links) {
      if (found.has(from)) found.add(to);
      else if (found.has(to)) found.add(from);
    }
  }
  return found;
}

/** Which event can only come after which, by the statuses: they do not follow from each other, and still have an order. */
function lifecycleOrder({ transitions }: Saga): readonly Pair[] {
  return transitions.flatMap(({ event, to }) =>
    transitions.filter(({ from }) => from === to).map((after) => [event, after.event] as const),
  );
}

/** The longest way to each node. A way that comes back to a node on it does not count. */
function columnsOf(ids: readonly string[], order: readonly Pair[]): ReadonlyMap<string, number> {
  const distances = distancesOf(ids, order);
  const forward = order.filter((pair) => !runsBack(pair, order, distances));
  const columns = new Map(ids.map((id) => [id, 0]));
  // As often as there can be nodes on a way.
  for (let round = 0; round < ids.length; round += 1) {
    for (const [from, to] of forward) {
      columns.set(to, Math.max(columns.get(to) ?? 0, (columns.get(from) ?? 0) + 1));
    }
  }
  return columns;
}

/** The shortest way to each node. */
function distancesOf(ids: readonly string[], order: readonly Pair[]): ReadonlyMap<string, number> {
  const distances = new Map(ids.filter((id) => !order.some(([, to]) => to === id)).map((id) => [id, 0]));
  // A saga all of whose events are on ways back begins with the first.
  const [first] = ids;
  if (distances.size === 0 && first !== undefined) distances.set(first, 0);
  for (const [from, distance] of distances) {
    for (const [, to] of order.filter((pair) => pair[0] === from)) {
      if (!distances.has(to)) distances.set(to, distance + 1);
    }
  }
  return distances;
}

/** Whether a pair closes a circle: its end leads to its begin, and is no further from where all begins. */
function runsBack([from, to]: Pair, order: readonly Pair[], distances: ReadonlyMap<string, number>): boolean {
  if ((distances.get(from) ?? 0) < (distances.get(to) ?? 0)) return false;
  const reached = new Set([to]);
  for (const id of reached) for (const pair of order) if (pair[0] === id) reached.add(pair[1]);
  return reached.has(from);
}
