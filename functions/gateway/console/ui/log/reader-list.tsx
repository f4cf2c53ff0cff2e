import type { TopicBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { FunctionName } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { figure } from '../parts/words.ts';
import { type GroupProgress, groupsOf } from './readers.ts';

/** The functions that read a topic, and how far they are. */
export function ReaderList({ topic }: { readonly topic: TopicBody }) {
  if (topic.detail !== null) return <p class="is-wait">? {foreignText(topic.detail)}</p>;
  const groups = groupsOf(topic);
  if (groups.length === 0) return <p class="quiet">No function reads it.</p>;
  return (
    <ul class="readers" aria-label={`Readers of ${foreignText(topic.name)}`}>
      {groups.map((progress) => (
        <Reader key={progress.group} progress={progress} />
      ))}
    </ul>
  );
}

function Reader({ progress }: { readonly progress: GroupProgress }) {
  const { group, lag, oldestUnreadAt, partitions } = progress;
  const behind = partitions.filter((each) => each.lag > 0);
  return (
    <li>
      <FunctionName name={foreignText(group)} />
      {lag === 0 ? (
        <span class="quiet">
          <span class="is-good" aria-hidden="true">
            ✓
          </span>{' '}
          has read all
        </span>
      ) : (
        <span>
          <strong class="is-wait">◐ {figure(lag)} unread</strong>
          {oldestUnreadAt !== null && (
            <span class="quiet">
              {' '}
              since <When at={oldestUnreadAt} />
            </span>
          )}
          {partitions.length > 1 && (
            <span class="quiet">
              {' '}
              in {behind.map(({ partition, lag: unread }) => `partition ${partition}: ${figure(unread)}`).join(', ')}
            </span>
          )}
        </span>
      )}
    </li>
  );
}

/** Who writes it, and how far. */
export function WriterLine({ topic }: { readonly topic: TopicBody }) {
  return (
    <p class="quiet">
      {topic.writer === null ? (
        'public: commands from outside'
      ) : (
        <>
          written by <FunctionName name={topic.writer} />
        </>
      )}
      {topic.end !== null && <span> · {figure(topic.end)} written</span>}
    </p>
  );
}
