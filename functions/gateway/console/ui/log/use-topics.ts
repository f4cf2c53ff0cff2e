import { useEffect } from 'preact/hooks';
import type { TopicBody, TopicsBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { type Resource, useResource } from '../api/use-resource.ts';
import { useLive } from '../live/use-live.ts';
import { withNews } from './readers.ts';

/** What the stream does not tell, such as a topic whose writer is away, is read as often. */
const EVERY_MS = 5_000;

/** The topics of the store, with the lag of each reader as the stream tells it. */
export function useTopics(): Resource<readonly TopicBody[]> {
  const topics = useResource<TopicsBody>('/operations/topics', EVERY_MS);
  const { tick, reconnects } = useLive();
  const returned = reconnects.value;
  useEffect(() => {
    if (returned > 0) topics.reload();
  }, [returned]);
  const data = topics.data === null ? null : withNews(topics.data.topics, tick.value?.topics ?? []);
  return { ...topics, data };
}
