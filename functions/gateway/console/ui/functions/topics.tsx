import type { TopicBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { groupsOf } from '../log/readers.ts';
import { useTopics } from '../log/use-topics.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Loaded } from '../parts/states.tsx';
import { FunctionName } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { figure } from '../parts/words.ts';

/** How far a function has read each topic; its writers tell it, so it is known while the function is away. */
export function Reads({ name }: { readonly name: string }) {
  const topics = useTopics();
  return (
    <section class="card stack" aria-labelledby="reads">
      <h2 id="reads">What it reads</h2>
      <Loaded resource={topics}>{(all) => <ReadTable topics={all} name={name} />}</Loaded>
    </section>
  );
}

function ReadTable({ topics, name }: { readonly topics: readonly TopicBody[]; readonly name: string }) {
  const rows = topics.flatMap((topic) =>
    topic.readers.filter(({ group }) => group === name).map((reader) => ({ topic: topic.name, reader })),
  );
  if (rows.length === 0) return <p class="quiet">No topic tells of it as a reader.</p>;
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
export function Writes({ name }: { readonly name: string }) {
  const topics = useTopics();
  const written = (topics.data ?? []).filter(({ writer }) => writer === name);
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
              <span class="quiet"> · {topic.end === null ? '–' : figure(topic.end)} messages</span>
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
