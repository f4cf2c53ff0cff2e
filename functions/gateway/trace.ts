/** Puts the trace of a key together from what each function tells of it. Pure: it asks no function. */

import type {
  AskedBody,
  FunctionTraceBody,
  HeldBody,
  LocatedBody,
  ReadsBody,
} from '../../shared/runtime/inspect/part-representation.ts';
import type { StoreBody } from '../../shared/runtime/inspect/representation.ts';
import type { NodeBody, ReadBody } from '../../shared/runtime/inspect/trace-representation.ts';
import { commandOrCause } from './trace-causes.ts';
import { inCausalOrder } from './trace-order.ts';

export type Saga = StoreBody['saga'];
type Read = ReadsBody['reads'][number];

/** A node whose readers are not asked yet. */
export interface DraftNode extends Omit<NodeBody, 'reads'> {
  /** What is asked about it; null where no function is. */
  readonly asked: AskedBody | null;
  /** Those that may have read it, and whether the topic says so. */
  readonly readers: ReadonlyMap<string, boolean | null>;
  /** What is known without asking. */
  readonly reads: readonly ReadBody[];
}

/** What one function has answered. */
export interface TracePart {
  readonly name: string;
  readonly body: FunctionTraceBody;
}

/** A node for each message and each step that the functions tell of; one that several tell of comes once. */
export function draftsOf(parts: readonly TracePart[], saga: Saga): readonly DraftNode[] {
  const drafts = new Map<string, DraftNode>();
  for (const { body } of parts) {
    for (const located of body.messages) {
      const draft = draftOf(located, saga);
      drafts.set(draft.id, draft);
    }
  }
  for (const { name, body } of parts) {
    for (const held of body.held) {
      const draft = heldDraft(name, held, saga);
      if (!drafts.has(draft.id)) drafts.set(draft.id, draft);
    }
    for (const step of body.steps) {
      const node = { ...step, at: name, kind: 'notice', topic: null, message: null } as const;
      drafts.set(step.id, { ...node, asked: null, readers: new Map(), reads: [] });
    }
  }
  return [...drafts.values()];
}

export function draftOf({ message, topic, epoch, delivered, readBy }: LocatedBody, saga: Saga): DraftNode {
  const node = nodeOf(message, topic, saga);
  const { attributes, position } = message;
  const key = textOf(attributes['partitionkey'] ?? attributes['subject']) ?? '-';
  const asked = { id: node.id, source: textOf(attributes['source']) ?? '-', key, topic, epoch, position, delivered };
  const readers = readersOf(topic, node.type, saga).map((name) => [name, readBy[name] ?? null] as const);
  return { ...node, asked, readers: new Map(readers), reads: [] };
}

function heldDraft(name: string, { message, topic, state, letter }: HeldBody, saga: Saga): DraftNode {
  const isInTopic = saga.topics.some((each) => each.name === topic);
  const node = nodeOf(message, isInTopic ? topic : null, saga);
  const at = isInTopic ? node.at : name;
  return { ...node, at, asked: null, readers: new Map(), reads: [{ by: name, state, letter }] };
}

function nodeOf(message: LocatedBody['message'], topic: string | null, saga: Saga) {
  const { attributes } = message;
  const id = textOf(attributes['id']) ?? `${topic}/${message.partition}/${message.position}`;
  const type = textOf(attributes['type']);
  const cause = textOf(attributes['causationid']);
  const writer = saga.topics.find((each) => each.name === topic)?.writer ?? null;
  const kind: NodeBody['kind'] = writer === null ? 'command' : 'event';
  const handler =
    saga.steps.find(({ on }) => on === type)?.by ?? saga.topics.find(({ name }) => name === topic)?.readers[0];
  return {
    id,
    type,
    at: writer ?? handler ?? '',
    kind,
    time: textOf(attributes['receivedat']) ?? textOf(attributes['time']),
    causationId: cause === id ? null : cause,
    topic,
    message,
    notice: null,
  };
}

/** The functions that read a topic and handle this type; of a type that the saga does not know, all that read the topic. */
function readersOf(topic: string, type: string | null, { topics, steps }: Saga): readonly string[] {
  const readers = topics.find(({ name }) => name === topic)?.readers ?? [];
  const isKnown = steps.some(({ on, emits }) => on === type || emits.includes(type ?? ''));
  return isKnown ? readers.filter((name) => steps.some(({ on, by }) => on === type && by === name)) : readers;
}

/** What to ask this function about, in batches of `max`. */
export function questionsFor(drafts: readonly DraftNode[], name: string, max: number): readonly AskedBody[][] {
  const asked = drafts.flatMap((draft) => (draft.asked !== null && draft.readers.has(name) ? [draft.asked] : []));
  return Array.from({ length: Math.ceil(asked.length / max) }, (_, n) => asked.slice(n * max, (n + 1) * max));
}

/** Who has read a message: what each function says itself, else what its position in the topic says. */
export function readsOf(
  { id, readers, reads }: DraftNode,
  told: ReadonlyMap<string, ReadonlyMap<string, Read>>,
): ReadBody[] {
  const known = [...readers].map(([by, hasRead]): ReadBody => {
    const own = told.get(by)?.get(id);
    if (own?.state) return { by, state: own.state, letter: own.letter };
    return { by, state: hasRead === false ? 'unread' : 'unknown', letter: null };
  });
  return [...known, ...reads];
}

/**
 * The nodes in causal order, with one for each cause that is not stored.
 * @param told what each function says of the messages that it was asked about, by their ids
 */
export function traceNodes(
  drafts: readonly DraftNode[],
  told: ReadonlyMap<string, ReadonlyMap<string, Read>>,
  saga: Saga,
  away: readonly string[],
): readonly NodeBody[] {
  const nodes = drafts.map((draft): NodeBody => {
    const { asked: _, readers: __, ...node } = draft;
    return { ...node, reads: readsOf(draft, told) };
  });
  const ids = new Set(nodes.map(({ id }) => id));
  const causes = new Map<string, NodeBody>();
  for (const { id, type, at, kind, causationId } of nodes) {
    if (causationId === null || ids.has(causationId) || causes.has(causationId) || kind === 'notice') continue;
    causes.set(causationId, commandOrCause(causationId, { id, type, at }, saga, away));
  }
  return inCausalOrder([...causes.values(), ...nodes]);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
