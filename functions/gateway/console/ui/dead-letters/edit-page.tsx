import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { DeadLetterBody, ResolvedBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { type Signed, unsigned } from '../api/who.ts';
import { JsonBlock } from '../parts/contents.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { indented, type JsonText, lineAt, readJsonText } from '../parts/json-text.ts';
import { Page } from '../parts/page.tsx';
import { SignForm } from '../parts/sign-form.tsx';
import { Loaded, ProblemNote } from '../parts/states.tsx';
import { Trail } from '../parts/trail.tsx';
import { useFocusBack } from '../parts/use-focus-back.ts';
import { BehindView, DiffView, ForeseenView } from './foreseen.tsx';
import { JsonField, type LineError } from './json-field.tsx';
import { messageName } from './letters-page.tsx';
import { letterHref, letterPath, lettersHref } from './places.ts';
import { confirmWords } from './resolution-dialog.tsx';

/** A pause in typing after which the store is asked. */
const PAUSE_MS = 400;
/** Where the data lie in a request. */
const DATA = '/data';

/** The data of a dead letter beside those that shall replace them, and what the store would do with these. */
export function EditPage() {
  const { function: name = '', letter = '' } = useRoute().params;
  const found = useResource<DeadLetterBody>(letterPath(name, letter));
  const title = found.data === null ? 'Edit' : `Edit ${messageName(found.data.attributes)}`;
  return (
    <Page
      title={title}
      trail={
        <Trail
          of={[
            ['/console/dead-letters', 'Dead letters'],
            [lettersHref(name), foreignText(name)],
            [letterHref(name, letter), 'Dead letter'],
          ]}
        />
      }
    >
      <Loaded resource={found}>
        {(body) =>
          body._links['edit'] === undefined ? (
            <p class="card">It is {body.status}, and only an open dead letter can be edited.</p>
          ) : (
            <Editor letter={body} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Editor({ letter }: { readonly letter: DeadLetterBody }) {
  const { route } = useLocation();
  // Written as escapes, which JSON reads alike, characters that hide others can be seen here as well.
  const [text, setText] = useState(() => foreignText(indented(letter.value), { keepsLines: true, max: Infinity }));
  const read = useMemo(() => readJsonText(text), [text]);
  const path = `${letterPath(letter.function, letter.letter)}/edit`;
  const heading = useRef<HTMLHeadingElement>(null);
  const { tried, again, isTryingAgain } = useDryRun(path, text, read);
  const act = async (signed: Signed) => {
    if ('error' in read) return;
    await send('POST', path, { body: { ...signed, data: read.value } });
    route(letterHref(letter.function, letter.letter));
  };
  return (
    <>
      <p>
        A new message with these data takes its place. <strong>The original is never handled</strong>, even when it is
        delivered again.
      </p>
      <div class="edit-columns">
        <section class="stack" aria-label="Original">
          <h2>Original</h2>
          <JsonBlock text={letter.value} name="Original data" />
        </section>
        <section class="stack" aria-label="Instead">
          <h2 id="instead">Instead</h2>
          <JsonField
            labelledBy="instead"
            text={text}
            errors={errorsOf(read, tried?.problem ?? null)}
            onType={setText}
          />
        </section>
      </div>
      <section class="card stack" aria-label="What would happen">
        <h2 tabIndex={-1} ref={heading}>
          What would happen
        </h2>
        <DryRunView
          read={read}
          tried={tried}
          again={again}
          isTryingAgain={isTryingAgain}
          giveFocusBack={() => heading.current?.focus()}
        />
        {tried?.found != null && (
          <SignForm
            confirm={confirmWords('edit', tried.found.behind)}
            act={act}
            isReady={tried.text === text && !('error' in read)}
            isDanger
          />
        )}
      </section>
    </>
  );
}

/** What the store said about a text. */
interface Tried {
  readonly text: string;
  readonly found: ResolvedBody | null;
  readonly problem: Problem | null;
}

/** The dry run of the newest text that is JSON; the one before it stays until then. */
function useDryRun(path: string, text: string, read: JsonText) {
  const [tried, setTried] = useState<Tried | null>(null);
  const [round, setRound] = useState(0);
  const [isTryingAgain, setTryingAgain] = useState(false);
  useEffect(() => {
    if ('error' in read) return;
    const abort = new AbortController();
    const ask = async () => {
      const body = { ...unsigned, data: read.value, dryRun: true };
      try {
        const found = (await send<ResolvedBody>('POST', path, { body, signal: abort.signal })).body;
        setTried({ text, found, problem: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        setTried({ text, found: null, problem: problemOf(error) });
      }
      setTryingAgain(false);
    };
    const timer = setTimeout(() => void ask(), tried === null ? 0 : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path, text, round]);
  const again = () => {
    setTryingAgain(true);
    setRound((last) => last + 1);
  };
  return { tried, again, isTryingAgain };
}

/** What is wrong with the data themselves stays wrong. */
const INVALID = 422;

function DryRunView({
  read,
  tried,
  again,
  isTryingAgain,
  giveFocusBack,
}: {
  readonly read: JsonText;
  readonly tried: Tried | null;
  readonly again: () => void;
  readonly isTryingAgain: boolean;
  readonly giveFocusBack: () => void;
}) {
  if ('error' in read) return <p class="is-bad">✕ This is not JSON yet: see the marked line.</p>;
  if (tried === null) return <p class="quiet">Asking the store …</p>;
  if (tried.problem !== null) {
    if (tried.problem.status === INVALID) return <ProblemNote problem={tried.problem} />;
    return <Unanswered problem={tried.problem} retry={again} isBusy={isTryingAgain} giveFocusBack={giveFocusBack} />;
  }
  if (tried.found === null) return null;
  return (
    <>
      <DiffView of={tried.found.diff ?? []} />
      {tried.found.foreseen !== null && <ForeseenView of={tried.found.foreseen} />}
      <BehindView behind={tried.found.behind} isOver={tried.found.foreseen?.error === null} />
    </>
  );
}

/** Goes away with its button when the store has answered. */
function Unanswered({
  problem,
  retry,
  isBusy,
  giveFocusBack,
}: {
  readonly problem: Problem;
  readonly retry: () => void;
  readonly isBusy: boolean;
  readonly giveFocusBack: () => void;
}) {
  const note = useFocusBack<HTMLDivElement>(giveFocusBack);
  return (
    <div ref={note}>
      <ProblemNote problem={problem} retry={retry} isBusy={isBusy} />
    </div>
  );
}

/** What is wrong, by line: no JSON, or what the store says of a place in it. */
function errorsOf(read: JsonText, problem: Problem | null): readonly LineError[] {
  if ('error' in read) return [read.error];
  return (problem?.errors ?? [])
    .filter(({ pointer }) => pointer.startsWith(DATA))
    .map(({ pointer, detail }) => {
      const inData = pointer.slice(DATA.length);
      return { line: lineAt(read.lines, inData), detail: inData === '' ? detail : `${inData} ${detail}` };
    });
}
