import type { MessageCountsBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Status } from '../parts/status.tsx';
import { figure } from '../parts/words.ts';

const outcomes = ['handled', 'duplicate', 'parked', 'dead'] as const;
const troubles: readonly string[] = ['parked', 'dead'];

/** What became of the messages of each type since the function started. */
export function MessageTable({
  messages,
  isAway,
  name,
}: {
  readonly messages: MessageCountsBody;
  readonly isAway: boolean;
  readonly name: string;
}) {
  const types = Object.keys(messages).sort();
  return (
    <section class="card stack" aria-labelledby="messages">
      <h2 id="messages">Messages since it started</h2>
      {types.length === 0 ? (
        <p class="quiet">{isAway ? `${name} does not answer.` : 'It has handled none yet.'}</p>
      ) : (
        <Scroll label="Messages by type and outcome">
          <table>
            <thead>
              <tr>
                <th scope="col">Type</th>
                {outcomes.map((outcome) => (
                  <th key={outcome} scope="col" class="number">
                    <Status of={outcome} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {types.map((type) => (
                <tr key={type}>
                  <th scope="row">{foreignText(type, { max: 64 })}</th>
                  {outcomes.map((outcome) => {
                    const count = messages[type]?.[outcome] ?? 0;
                    const look = count === 0 ? 'number quiet' : troubles.includes(outcome) ? 'number is-bad' : 'number';
                    return (
                      <td key={outcome} class={look}>
                        {figure(count)}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
