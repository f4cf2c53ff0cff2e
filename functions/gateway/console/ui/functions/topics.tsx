import type { StoreBody, TopicBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { useResource } from '../api/use-resource.ts';
import { groupsOf } from '../log/readers.ts';
import { useTopics } from '../log/use-topics.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Loaded } from '../parts/states.tsx';
import { FunctionName } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { counted, figure } from '../parts/words.ts';

interface Of {
  readonly topics: readonly TopicBody[];
  readonly name: string;
}

/** What a function reads and writes. */
export function Topics({ name }: Pick<Of, 'name'>) {
  const store = useResource<StoreBody>('/operations/store');
  const topics = useTopics();
  return (
    <Loaded resource={store}>
      {({ saga }) => (
        <Loaded resource={topics}>
          {(all) => (
            <div class="function-tables">
              <Reads topics={all.filter((topic) => isReader(saga, topic, name))} name={name} />
              <Writes topics={all} name={name} />
            </div>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

function isReader(saga: StoreBody['saga'], topic: TopicBody, name: string): boolean {
  return saga.topics.some((each) => each.name === topic.name && each.readers.includes(name));
}

/** How far a function has read each of its topics; their writers tell it, so it is known while the function is away. */
function Reads({ topics, name }: Of) {
  const silent = topics.filter(({ detail }) => detail !== null);
  return (
    <section class="card stack" aria-labelledby="reads">
      <h2 id="reads">What it reads</h2>
      <ReadTable topics={topics} name={name} />
      {silent.map((topic) => (
        <p key={topic.name} class="is-wait">
          ? Nothing is known of {topic.name}: {foreignText(topic.detail ?? '')}.
        </p>
      ))}
    </section>
  );
}

function ReadTable({ topics, name }: Of) {
  if (topics.length === 0) return <p class="quiet">It reads no topic.</p>;
  const rows = topics.flatMap((topic) =>
    topic.readers.filter(({ group }) => group === name).map((reader) => ({ topic: topic.name, reader })),
  );
  if (rows.length === 0) return null;
  return (
    <Scroll label={`Topics that ${name} reads`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Topic</th>
            <th scope="col" class="number">
              Partition
            </th>
            <th scope="col" class="number">
              Position
            </th>
            <th scope="col" class="number">
              Unread
            </th>
            <th scope="col">Oldest</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ topic, reader }) => (
            <tr key={`${topic} ${reader.partition}`}>
              <th scope="row">
                <a href={`/console/log/${encodeURIComponent(topic)}`}>{topic}</a>
              </th>
              <td class="number">{reader.partition}</td>
              <td class="number">
                {figure(reader.position)} of {figure(reader.end)}
              </td>
              <td class={reader.lag > 0 ? 'number is-wait' : 'number'}>{figure(reader.lag)}</td>
              <td>
                <When at={reader.oldestUnreadAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** The topics that a function writes, and who reads them. */
function Writes({ topics, name }: Of) {
  const written = topics.filter(({ writer }) => writer === name);
  return (
    <section class="card stack" aria-labelledby="writes">
      <h2 id="writes">What it writes</h2>
      {written.length === 0 ? (
        <p class="quiet">It writes no topic.</p>
      ) : (
        written.map((topic) => (
          <div key={topic.name} class="stack written">
            <p>
              <a href={`/console/log/${encodeURIComponent(topic.name)}`}>{topic.name}</a>
              {topic.end !== null && <span class="quiet"> · {counted(topic.end, 'message')}</span>}
              {topic.detail !== null && <span class="is-wait"> ? {foreignText(topic.detail)}</span>}
            </p>
            <Readers topic={topic} />
          </div>
        ))
      )}
    </section>
  );
}

function Readers({ topic }: { readonly topic: TopicBody }) {
  return (
    <ul>
      {groupsOf(topic).map(({ group, lag }) => (
        <li key={group} class="row">
          <FunctionName name={group} />
          <span class={lag > 0 ? 'is-wait' : 'quiet'}>{lag > 0 ? `◐ ${figure(lag)} unread` : '✓ has read all'}</span>
        </li>
      ))}
    </ul>
  );
}
