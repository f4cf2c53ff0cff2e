/**
 * The messages of a key as steps in lanes and columns. A column says what came before what, never when: a step is right of its
 * cause and of what the same lane shows before it. A pause of more than {@link EPISODE_MS} begins a column of its own too, so that
 * the pause has a place on the axis.
 */
import type { StoreBody } from '../../../../../shared/runtime/inspect/representation.ts';
import type { NodeBody, ReadBody } from '../../../../../shared/runtime/inspect/trace-representation.ts';

export type Saga = StoreBody['saga'];

/** The lane of the commands that came from outside. */
export const CLIENT = 'client';
/** A longer pause breaks the axis. */
export const EPISODE_MS = 1_000;

/** One card of the timeline. Notices may be folded into one: then it stands for several nodes. */
export interface TraceStep {
  /** Of the first of its nodes. */
  readonly id: string;
  readonly nodes: readonly NodeBody[];
  readonly type: string;
  readonly lane: string;
  readonly column: number;
  readonly kind: NodeBody['kind'];
  /** When it was written; null where that is not stored. */
  readonly atMs: number | null;
  /** The steps that it answers, by id. */
  readonly causes: readonly string[];
  readonly relation: 'plain' | 'pivot' | 'compensation';
  readonly reads: readonly ReadBody[];
}

/** Something on its way to become a step. `orderMs`: its time, or a guess that keeps it before what it led to; `leadsTo`: where that is. */
interface Draft extends Omit<TraceStep, 'column'> {
  readonly orderMs: number | null;
  readonly leadsTo: string | null;
}

/** The steps in causal order, the column of each, and the lanes from top to bottom. */
export function stepsOf(
  nodes: readonly NodeBody[],
  saga: Saga,
  { foldsNotices }: { readonly foldsNotices: boolean },
): { readonly steps: readonly TraceStep[]; readonly lanes: readonly string[] } {
  const drafts = foldNotices(draftsOf(nodes, saga), foldsNotices);
  const steps = inColumns(inOrder(drafts));
  const lanes = [CLIENT, ...saga.functions];
  return {
    steps,
    lanes: [...lanes, ...new Set(steps.map(({ lane }) => lane).filter((lane) => !lanes.includes(lane)))],
  };
}

function draftsOf(nodes: readonly NodeBody[], saga: Saga): readonly Draft[] {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const childrenOf = new Map<string, NodeBody[]>();
  for (const node of nodes) {
    if (node.causationId === null) continue;
    const siblings = childrenOf.get(node.causationId);
    if (siblings === undefined) childrenOf.set(node.causationId, [node]);
    else siblings.push(node);
  }
  const typeOf = (node: NodeBody) => node.type ?? guessedType(node, childrenOf.get(node.id) ?? [], saga);
  return nodes.map((node) => {
    const type = typeOf(node);
    const cause = node.causationId === null || node.causationId === node.id ? undefined : known.get(node.causationId);
    const atMs = msOf(node.time);
    const children = childrenOf.get(node.id) ?? [];
    const later = children.map(({ time }) => msOf(time)).filter((ms) => ms !== null);
    return {
      id: node.id,
      nodes: [node],
      type: type ?? node.kind,
      lane: isFromClient(node, type, saga) ? CLIENT : node.at,
      kind: node.kind,
      atMs,
      orderMs: atMs ?? (later.length === 0 ? null : Math.min(...later)),
      leadsTo: children[0]?.at ?? null,
      causes: cause === undefined ? [] : [cause.id],
      relation: cause === undefined ? 'plain' : relationOf(typeOf(cause), node, saga),
      reads: node.reads,
    };
  });
}

function msOf(time: string | null): number | null {
  const ms = time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? null : ms;
}

/** The type of a command that is not stored, from what it led to; null where several fit. */
function guessedType({ kind, at }: NodeBody, children: readonly NodeBody[], { steps }: Saga): string | null {
  if (kind !== 'command') return null;
  const emitted = new Set(steps.flatMap(({ emits }) => emits));
  const types = new Set(children.flatMap(({ type }) => type ?? []));
  const fitting = steps.filter(
    ({ on, by, emits }) => by === at && !emitted.has(on) && emits.some((type) => types.has(type)),
  );
  const [first, ...others] = new Set(fitting.map(({ on }) => on));
  return first !== undefined && others.length === 0 ? first : null;
}

/** Clients begin sagas, and send the commands that the store offers; what else a function can also do by itself, its timer sent. */
function isFromClient({ kind, message }: NodeBody, type: string | null, saga: Saga): boolean {
  if (kind !== 'command') return false;
  if (message !== null) return !saga.functions.includes(String(message.attributes['source']).replace(/^\//, ''));
  if (type === null) return true;
  const asked = saga.commands.map(({ event }) => event);
  const emitted = new Set(saga.steps.flatMap(({ emits }) => emits));
  const leadsTo = saga.steps.filter(({ on }) => on === type).flatMap(({ emits }) => emits);
  const answersEvents = (event: string) => saga.steps.some(({ on, emits }) => emitted.has(on) && emits.includes(event));
  return leadsTo.some((event) => asked.includes(event) || !answersEvents(event));
}

function relationOf(causeType: string | null, { at, type }: NodeBody, { steps }: Saga): TraceStep['relation'] {
  const step = steps.find(({ on, by, emits }) => on === causeType && by === at && emits.includes(type ?? ''));
  return step?.kind === 'pivot' || step?.kind === 'compensation' ? step.kind : 'plain';
}

function foldNotices(drafts: readonly Draft[], folds: boolean): readonly Draft[] {
  const notices = drafts.filter(({ kind }) => kind === 'notice');
  const [first] = notices;
  if (!folds || first === undefined || notices.length === 1) return drafts;
  const folded: Draft = {
    ...first,
    nodes: notices.flatMap(({ nodes }) => nodes),
    type: `${notices.length} notices`,
    causes: [...new Set(notices.flatMap(({ causes }) => causes))],
    atMs: notices.at(-1)?.atMs ?? null,
    orderMs: notices.at(-1)?.orderMs ?? null,
  };
  return [...drafts.filter(({ kind }) => kind !== 'notice'), folded];
}

/** By time, as far as causes and the order within a lane allow. */
function inOrder(drafts: readonly Draft[]): readonly Draft[] {
  const waiting = new Set(drafts);
  const placed = new Set<string>();
  const ordered: Draft[] = [];
  while (waiting.size > 0) {
    const heads = new Set<string>();
    let next: Draft | null = null;
    for (const draft of waiting) {
      const isHead = !heads.has(draft.lane);
      heads.add(draft.lane);
      if (!isHead || draft.causes.some((id) => !placed.has(id))) continue;
      if (next === null || (draft.orderMs ?? -1) < (next.orderMs ?? -1)) next = draft;
    }
    // Causes in a circle are no causes: the first that waits goes on.
    const [stuck] = waiting;
    const taken: Draft | undefined = next ?? stuck;
    if (taken === undefined) break;
    waiting.delete(taken);
    placed.add(taken.id);
    ordered.push(taken);
  }
  return ordered;
}

function inColumns(drafts: readonly Draft[]): readonly TraceStep[] {
  const columns = new Map<string, number>();
  const lastIn = new Map<string, number>();
  let last = -1;
  let latestMs = Number.NEGATIVE_INFINITY;
  return drafts.map(({ orderMs, leadsTo, ...draft }) => {
    const behind = [lastIn.get(draft.lane) ?? -1, ...draft.causes.map((id) => columns.get(id) ?? -1)];
    // Without a known cause it stands directly before what it leads to, not under the begin of the saga; a command above what was before.
    if (draft.causes.length === 0 && leadsTo !== null) {
      behind.push((lastIn.get(leadsTo) ?? -1) - (draft.kind === 'command' ? 1 : 0));
    }
    if (orderMs !== null && orderMs - latestMs > EPISODE_MS) behind.push(last);
    const column = Math.max(...behind) + 1;
    columns.set(draft.id, column);
    lastIn.set(draft.lane, column);
    last = Math.max(last, column);
    latestMs = Math.max(latestMs, orderMs ?? latestMs);
    return { ...draft, column };
  });
}
