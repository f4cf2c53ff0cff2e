import type { TopicBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Loaded } from '../parts/states.tsx';
import { ReaderList, WriterLine } from './reader-list.tsx';
import { useTopics } from './use-topics.ts';

/** Every topic, its readers and how much they have not read. */
export function TopicsPage() {
  const topics = useTopics();
  return (
    <Page title="Log" actions={<PausedNote />}>
      <p class="quiet">
        Messages between the functions, by topic. A reader that is away loses nothing: it reads on where it was.
      </p>
      <Loaded resource={topics}>
        {(found) => (
          <ul class="topics" aria-label="Topics">
            {found.map((topic) => (
              <Topic key={topic.name} topic={topic} />
            ))}
          </ul>
        )}
      </Loaded>
    </Page>
  );
}

function Topic({ topic }: { readonly topic: TopicBody }) {
  return (
    <li class="card stack topic">
      <div>
        <h2>
          <a href={`/console/log/${encodeURIComponent(topic.name)}`}>{foreignText(topic.name)}</a>
        </h2>
        <WriterLine topic={topic} />
      </div>
      <ReaderList topic={topic} />
    </li>
  );
}
