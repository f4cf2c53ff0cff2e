import { useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { DeadLetterBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { useResource } from '../api/use-resource.ts';
import { Attributes, JsonBlock, TextBlock } from '../parts/contents.tsx';
import { Fact } from '../parts/fact.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { Loaded } from '../parts/states.tsx';
import { FunctionName, Status } from '../parts/status.tsx';
import { Trail } from '../parts/trail.tsx';
import { When } from '../parts/when.tsx';
import { counted } from '../parts/words.ts';
import { Audit } from './audit.tsx';
import { messageName } from './letters-page.tsx';
import { letterHref, letterPath, lettersHref, queryOf } from './places.ts';
import { type Action, actions, ResolutionDialog } from './resolution-dialog.tsx';

const EVERY_MS = 5_000;
/** While it is being replayed. */
const SOON_MS = 500;

/** One dead letter: what failed, what waits behind it, what was done about it, and what can be done. */
export function LetterPage() {
  const { function: name = '', letter = '' } = useRoute().params;
  const [isReplaying, setReplaying] = useState(false);
  const found = useResource<DeadLetterBody>(letterPath(name, letter), isReplaying ? SOON_MS : EVERY_MS);
  const isNow = found.data?.status === 'replaying';
  if (isNow !== isReplaying) setReplaying(isNow);
  return (
    <Page
      title={found.data === null ? 'Dead letter' : messageName(found.data.attributes)}
      trail={
        <Trail
          of={[
            ['/console/dead-letters', 'Dead letters'],
            [lettersHref(name), <FunctionName key={name} name={foreignText(name)} />],
          ]}
        />
      }
    >
      <Loaded resource={found}>{(body) => <Letter letter={body} reload={found.reload} />}</Loaded>
    </Page>
  );
}

function Letter({ letter, reload }: { readonly letter: DeadLetterBody; readonly reload: () => void }) {
  const [action, setAction] = useState<Action | null>(null);
  const { attributes, value, detail } = letter;
  const close = () => {
    setAction(null);
    reload();
  };
  return (
    <>
      <Actions letter={letter} choose={setAction} />
      <div class="letter-columns">
        <div class="stack">
          <section class="card stack">
            <h2>
              Error <code class="is-bad">{letter.code}</code>
            </h2>
            <TextBlock text={detail} name="Error" />
          </section>
          <section class="card stack">
            <h2>Data</h2>
            <JsonBlock text={value} name="Data" />
          </section>
          <Audit decisions={letter.decisions} />
        </div>
        <div class="stack">
          <Facts letter={letter} />
          <section class="card stack" aria-label="Attributes">
            <h2>Attributes</h2>
            <Attributes of={attributes} name="Attributes" />
          </section>
        </div>
      </div>
      {action !== null && <ResolutionDialog letter={letter} action={action} onClose={close} />}
    </>
  );
}

function Actions({ letter, choose }: { readonly letter: DeadLetterBody; readonly choose: (action: Action) => void }) {
  const { status, behind, key, function: name, _links } = letter;
  const waits =
    behind === 0
      ? 'No message waits behind it.'
      : `${counted(behind, 'message')} of ${foreignText(key ?? '')} ${behind === 1 ? 'waits' : 'wait'} behind it.`;
  return (
    <div class="card row letter-actions">
      <p class="grow" role="status">
        <strong>
          <Status of={status} />
        </strong>{' '}
        <span class={behind === 0 ? 'quiet' : 'is-wait'}>{waits}</span>
      </p>
      {actions.map(
        (action) =>
          _links[action] !== undefined &&
          (action === 'edit' ? (
            <a key={action} class="button" href={`${letterHref(name, letter.letter)}/edit`}>
              Edit and replay
            </a>
          ) : (
            <button key={action} type="button" onClick={() => choose(action)}>
              {action[0]?.toUpperCase()}
              {action.slice(1)} …
            </button>
          )),
      )}
    </div>
  );
}

function Facts({ letter }: { readonly letter: DeadLetterBody }) {
  const { function: name, topic, partition, position, key, attempts, replays, diedAt, decidedAt, fingerprint } = letter;
  return (
    <section class="card stack" aria-label="Facts">
      <h2>Where it came from</h2>
      <dl class="attributes">
        <Fact name="function">
          <FunctionName name={name} />
        </Fact>
        <Fact name="topic">
          <a href={`/console/log/${encodeURIComponent(topic)}${queryOf({ from: String(position) })}`}>
            {foreignText(topic)}
          </a>{' '}
          <span class="quiet">
            partition {partition}, position {position}
          </span>
        </Fact>
        <Fact name="key">{key === null ? 'none: it blocks no other message' : <KeyLink of={key} />}</Fact>
        <Fact name="dead since">
          <When at={diedAt} />
        </Fact>
        <Fact name="tried">
          {counted(attempts, 'time')}, {counted(replays, 'replay')}
        </Fact>
        {decidedAt !== null && (
          <Fact name="resolved">
            <When at={decidedAt} />
          </Fact>
        )}
        <Fact name="group">
          <a class="mono" href={lettersHref(name, { fingerprint })}>
            {foreignText(fingerprint)}
          </a>
        </Fact>
      </dl>
    </section>
  );
}

function KeyLink({ of }: { readonly of: string }) {
  return (
    <a class="mono" href={`/console/orders/${encodeURIComponent(of)}`}>
      {foreignText(of, { max: 256 })}
    </a>
  );
}
