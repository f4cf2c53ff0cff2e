import { useState } from 'preact/hooks';
import type { MessageBody } from '../../../../../shared/runtime/inspect/representation.ts';
import type { FoundMessageBody, TraceBody } from '../../../../../shared/runtime/inspect/trace-representation.ts';
import { useResource } from '../api/use-resource.ts';
import { Attributes, TextBlock, textOf } from '../parts/contents.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { Loaded } from '../parts/states.tsx';
import { FunctionName, Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { awayText } from '../parts/words.ts';

const EVERY_MS = 2_000;

/** A message: attributes, data, who has read it, and the messages around it. */
export function MessageView({ topic, message }: { readonly topic: string; readonly message: MessageBody }) {
  const { attributes } = message;
  const { id, partitionkey, subject } = attributes;
  const key = partitionkey ?? subject;
  return (
    <div class="message-view">
      <section class="stack" aria-label="Attributes">
        <h2>Attributes</h2>
        <Attributes of={{ topic, partition: message.partition, ...attributes }} name="Attributes" />
      </section>
      <section class="stack" aria-label="Data of the message">
        <h2>Data</h2>
        <Data message={message} />
      </section>
      <section class="stack" aria-label="Reads">
        <h2>Reads</h2>
        {typeof id === 'string' && id !== '' ? <Reads id={id} /> : <p class="quiet">It has no id to look for.</p>}
        {typeof key === 'string' && key !== '' && <Trace of={key} id={id} />}
      </section>
    </div>
  );
}

function Data({ message: { data, isCut, isText } }: { readonly message: MessageBody }) {
  const text = typeof data === 'string' && isText ? data : (JSON.stringify(data, null, 2) ?? '');
  return (
    <>
      {isCut && <p class="is-wait">! This message is long: a part of it is left out.</p>}
      {isText && !isCut && <p class="is-wait">! This is no JSON.</p>}
      <TextBlock text={text} name="Data" />
    </>
  );
}

function Reads({ id }: { readonly id: string }) {
  const found = useResource<FoundMessageBody>(`/operations/messages/${encodeURIComponent(id)}`, EVERY_MS);
  return (
    <Loaded resource={found}>
      {({ reads, away }) => (
        <>
          <ReadList of={reads} />
          {away.length > 0 && <p class="is-wait">! {awayText(away)}.</p>}
        </>
      )}
    </Loaded>
  );
}

function ReadList({ of }: { readonly of: FoundMessageBody['reads'] }) {
  if (of.length === 0) return <p class="quiet">No function handles its type.</p>;
  return (
    <ul class="reads" aria-label="Who has read it">
      {of.map(({ by, state, letter }) => (
        <li key={by}>
          <FunctionName name={by} /> <Status of={state} />
          {letter !== null && (
            <a href={`/console/dead-letters/${encodeURIComponent(by)}/${encodeURIComponent(letter)}`}>dead letter</a>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The messages about the same key, once they are asked for. */
function Trace({ of, id }: { readonly of: string; readonly id: unknown }) {
  const [isOpen, setOpen] = useState(false);
  const trace = useResource<TraceBody>(isOpen ? `/operations/trace/${encodeURIComponent(of)}` : null);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Trace of <span class="mono">{foreignText(of, { max: 64 })}</span>
      </summary>
      {isOpen && (
        <Loaded resource={trace}>
          {({ nodes, isWhole, away }) => (
            <>
              <ol class="trace">
                {nodes.map((node) => (
                  <li key={`${node.at} ${node.id}`} aria-current={node.id === id ? 'true' : undefined}>
                    <When at={node.time} /> <FunctionName name={node.at} />{' '}
                    <strong>{foreignText(node.type ?? node.kind, { max: 128 })}</strong>{' '}
                    <span class="row trace-reads">
                      {node.reads.map(({ by, state }) => (
                        <span key={by} class="quiet">
                          {by} <Status of={state} />
                        </span>
                      ))}
                    </span>
                  </li>
                ))}
              </ol>
              {nodes.length === 0 && <p class="quiet">Nothing is known of this key.</p>}
              {!isWhole && <p class="is-wait">! There are more.</p>}
              {away.length > 0 && <p class="is-wait">! {awayText(away)}.</p>}
              <p>
                <a href={`/console/orders/${encodeURIComponent(of)}?m=${encodeURIComponent(textOf(id))}`}>
                  The order page
                </a>
              </p>
            </>
          )}
        </Loaded>
      )}
    </details>
  );
}
