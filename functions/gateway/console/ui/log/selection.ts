/** Which messages of a topic are shown, as it stands in the address and in requests. */
import type { MessageBody } from '../../../../../shared/runtime/inspect/representation.ts';

export type Query = Readonly<Record<string, string | undefined>>;

export const origins = ['newest', 'oldest', 'position', 'time'] as const;
export type Origin = (typeof origins)[number];

const PAGE = 50;

/** Where the list begins, by the query of the address: `from` is empty, `oldest`, a position or a time. */
export function originOf({ from = '' }: Query): Origin {
  if (from === '') return 'newest';
  if (from === 'oldest') return 'oldest';
  return /^\d+$/.test(from) ? 'position' : 'time';
}

/** The messages that the address asks for. */
export function messagesPath(topic: string, query: Query, limit = PAGE): string {
  const { partition, type, key, from } = query;
  const origin = originOf(query);
  const begin = origin === 'newest' || origin === 'oldest' ? {} : { from };
  const order = origin === 'newest' ? 'desc' : 'asc';
  return `${topicPath(topic)}${queryText({ partition, type, key, ...begin, order, limit: String(limit) })}`;
}

/** One message alone, by its place. */
export function messagePath(topic: string, place: string): string | null {
  const [, partition, position] = /^(\d+)-(\d+)$/.exec(place) ?? [];
  if (partition === undefined) return null;
  return `${topicPath(topic)}${queryText({ partition, from: position, order: 'asc', limit: '1' })}`;
}

/** What names a message in its topic: ids from outside may be there twice. */
export function placeOf({ partition, position }: Pick<MessageBody, 'partition' | 'position'>): string {
  return `${partition}-${position}`;
}

/** The address of the topic's page with this query; what is empty is left out. */
export function topicHref(topic: string, query: Query): string {
  return `/console/log/${encodeURIComponent(topic)}${queryText(query)}`;
}

export function isFiltered({ partition = '', type = '', key = '' }: Query): boolean {
  return partition !== '' || type !== '' || key !== '';
}

function topicPath(topic: string): string {
  return `/operations/topics/${encodeURIComponent(topic)}/messages`;
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
