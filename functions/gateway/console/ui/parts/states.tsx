/** What a view shows when it has nothing to show yet, nothing at all, or a problem. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { Resource } from '../api/use-resource.ts';
import { foreignText } from './foreign-text.ts';
import { useFocusBack } from './use-focus-back.ts';

/** Shorter waits show nothing: a flash of a placeholder is worse. */
const SKELETON_AFTER_MS = 150;
/** A problem may repeat what a message holds. */
const DETAIL_MAX = 2_000;

/** Shows `children` with what was read; before that a placeholder or the problem, and beside old data the problem. */
export function Loaded<Body>({
  resource,
  children,
}: {
  readonly resource: Resource<Body>;
  readonly children: (data: Body) => ComponentChildren;
}) {
  const { data, problem, reload } = resource;
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} retry={reload} />}
      {data === null ? problem === null && <Skeleton /> : children(data)}
    </>
  );
}

export function Skeleton() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? (
    <p class="card quiet" role="status">
      Loading …
    </p>
  ) : null;
}

/** `isBusy`: another try goes on. */
export function ProblemNote({
  problem,
  retry,
  isBusy = false,
}: {
  readonly problem: Problem;
  readonly retry?: () => void;
  readonly isBusy?: boolean;
}) {
  return (
    <div class="card row" role="alert">
      <p class="grow">
        <strong class="is-bad">✕ {foreignText(problem.title, { max: DETAIL_MAX })}</strong>{' '}
        {foreignText(problem.detail, { max: DETAIL_MAX })}
      </p>
      {retry !== undefined && <RetryButton retry={retry} isBusy={isBusy} />}
    </div>
  );
}

/** When it goes, its focus is at the content of the page. */
function RetryButton({ retry, isBusy }: { readonly retry: () => void; readonly isBusy: boolean }) {
  const button = useFocusBack<HTMLButtonElement>(() =>
    document.getElementById('content')?.focus({ preventScroll: true }),
  );
  return (
    <button type="button" ref={button} onClick={isBusy ? undefined : retry} aria-disabled={isBusy}>
      Try again
    </button>
  );
}

/** Nothing is there: what would fill it, a button or link where there is one, and the command that does the same. */
export function Empty({ children, command }: { readonly children: ComponentChildren; readonly command?: string }) {
  return (
    <div class="card stack">
      <div class="row">{children}</div>
      {command !== undefined && (
        <p class="quiet">
          On the command line: <code>{command}</code>
        </p>
      )}
    </div>
  );
}
