import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { ReplayJobsBody } from '../../../../../shared/runtime/dead-letters/replay-schemas.ts';
import type { DeadLetterSummaryBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { useResource } from '../api/use-resource.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { FunctionName, Status } from '../parts/status.tsx';
import { Trail } from '../parts/trail.tsx';
import { When } from '../parts/when.tsx';
import { counted } from '../parts/words.ts';
import { BulkReplayDialog } from './bulk-replay-dialog.tsx';
import { LetterFilter } from './letter-filter.tsx';
import { type Filter, letterHref, lettersHref, lettersPath, queryOf, replayHref, replaysPath } from './places.ts';

const EVERY_MS = 2_000;
const PAGE = 50;

interface LettersBody {
  readonly letters: readonly DeadLetterSummaryBody[];
  readonly _links: Readonly<Record<string, { readonly href: string } | undefined>>;
}

/** The dead letters of one function that match the filter of the address, the oldest first. */
export function LettersPage() {
  const name = useRoute().params['function'] ?? '';
  const { query } = useLocation();
  const { code, fingerprint, key, status = 'open', cursor } = query;
  const filter: Filter = { ...(code && { code }), ...(fingerprint && { fingerprint }), ...(key && { key }) };
  const path = `${lettersPath(name)}${queryOf({ ...filter, status, cursor, limit: String(PAGE) })}`;
  const letters = useResource<LettersBody>(path, EVERY_MS);
  // On a later page that is empty meanwhile, those before it may still match.
  const mayMatch = letters.data !== null && (letters.data.letters.length > 0 || cursor !== undefined);
  const [isReplaying, setReplaying] = useState(false);
  const replay = (
    <button type="button" onClick={() => setReplaying(true)}>
      Replay all that match …
    </button>
  );
  return (
    <Page
      title={`Dead letters of ${foreignText(name)}`}
      trail={<Trail of={[['/console/dead-letters', 'Dead letters']]} />}
      actions={status === 'open' && mayMatch && replay}
    >
      <LetterFilter name={name} filter={{ ...filter, status }} />
      <Loaded resource={letters}>
        {(page) => (
          <>
            {page.letters.length === 0 && <NoLetters name={name} isFirst={cursor === undefined} />}
            <ul class="letters" aria-label="Dead letters">
              {page.letters.map((letter) => (
                <Letter key={letter.letter} letter={letter} />
              ))}
            </ul>
            <Pages name={name} query={query} next={page._links['next']?.href} />
          </>
        )}
      </Loaded>
      <Replays name={name} />
      {isReplaying && <BulkReplayDialog name={name} filter={filter} onClose={() => setReplaying(false)} />}
    </Page>
  );
}

function Letter({ letter }: { readonly letter: DeadLetterSummaryBody }) {
  const { function: name, status, code, detail, key, attributes, attempts, replays, diedAt } = letter;
  return (
    <li class="card letter-row">
      <p class="letter-status">
        <Status of={status} />
      </p>
      <div class="letter-what">
        <p>
          <a href={letterHref(name, letter.letter)}>{messageName(attributes)}</a>
          {key !== null && <span class="quiet mono"> {foreignText(key, { max: 256 })}</span>}
        </p>
        <p class="letter-detail">
          <code>{code}</code> {foreignText(firstLine(detail), { max: 300 })}
        </p>
        <p class="quiet letter-times">
          <span>
            dead since <When at={diedAt} />
          </span>
          <span>{attempts === 1 ? 'tried once' : `tried ${attempts} times`}</span>
          {replays > 0 && <span>{counted(replays, 'replay')}</span>}
        </p>
      </div>
    </li>
  );
}

/** Its type and id, as far as it says them. */
export function messageName({ type, id }: Readonly<Record<string, unknown>>): string {
  const text = [type, id].filter((part) => part !== undefined && part !== null).join(' ');
  return foreignText(text === '' ? 'a message without a type' : text, { max: 200 });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function NoLetters({ name, isFirst }: { readonly name: string; readonly isFirst: boolean }) {
  return (
    <Empty command={`npm run dead-letters -- list --function ${foreignText(name)}`}>
      <p class="grow">{isFirst ? 'No dead letters match.' : 'There are no more.'}</p>
      <a href={lettersHref(name, {})}>All open ones</a>
    </Empty>
  );
}

function Pages({
  name,
  query,
  next,
}: {
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly next: string | undefined;
}) {
  const { cursor, ...first } = query;
  if (cursor === undefined && next === undefined) return null;
  const nextCursor = next === undefined ? null : new URL(next, location.href).searchParams.get('cursor');
  return (
    <nav class="row" aria-label="Pages of the list">
      {cursor !== undefined && <a href={`${lettersHref(name)}${queryOf(first)}`}>First page</a>}
      {nextCursor !== null && (
        <a href={`${lettersHref(name)}${queryOf({ ...first, cursor: nextCursor })}`}>Next {PAGE}</a>
      )}
    </nav>
  );
}

/** Bulk replays of the function that the store still knows. */
function Replays({ name }: { readonly name: string }) {
  const { data } = useResource<ReplayJobsBody>(replaysPath(name), EVERY_MS);
  if (data === null || data.replays.length === 0) return null;
  return (
    <section class="stack" aria-label="Replays">
      <h2>
        Replays of <FunctionName name={name} />
      </h2>
      <ul class="letters">
        {data.replays.map(({ replay, state, who, reason, startedAt, passed, failed }) => (
          <li key={replay} class="card letter-row">
            <p class="letter-status">
              <Status of={state} />
            </p>
            <div class="letter-what">
              <a href={replayHref(name, replay)}>
                {passed} passed, {failed} failed
              </a>
              <p class="quiet">
                <When at={startedAt} /> by {foreignText(who)}: {foreignText(reason)}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
