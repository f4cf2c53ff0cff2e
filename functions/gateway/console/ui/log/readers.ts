import type { ReaderBody, TopicBody } from '../../../../../shared/runtime/inspect/representation.ts';

/** How far a group has read a topic, all partitions together. */
export interface GroupProgress {
  readonly group: string;
  readonly lag: number;
  readonly oldestUnreadAt: string | null;
  readonly partitions: readonly ReaderBody[];
}

/** The readers of a topic by group. */
export function groupsOf({ readers }: Pick<TopicBody, 'readers'>): readonly GroupProgress[] {
  const groups = new Map<string, ReaderBody[]>();
  for (const reader of readers) groups.set(reader.group, [...(groups.get(reader.group) ?? []), reader]);
  return [...groups].map(([group, partitions]) => ({
    group,
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    oldestUnreadAt: partitions
      .map(({ oldestUnreadAt }) => oldestUnreadAt)
      .reduce((one, other) => (one === null || (other !== null && other < one) ? other : one), null),
    partitions,
  }));
}

/** The topics as they were read, with what the stream has told since. */
export function withNews(topics: readonly TopicBody[], news: readonly TopicBody[]): readonly TopicBody[] {
  const newest = new Map(news.filter(({ end }) => end !== null).map((topic) => [topic.name, topic]));
  return topics.map((topic) => newest.get(topic.name) ?? topic);
}
