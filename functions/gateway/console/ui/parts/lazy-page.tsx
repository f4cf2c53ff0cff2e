import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { lazy } from 'preact-iso';
import { type Problem, problemOf } from '../api/problem.ts';
import { getJson, SESSION_PATH } from '../api/request.ts';
import { Page } from './page.tsx';
import { ProblemNote } from './states.tsx';

/** A page that is loaded when it is first opened. */
export function lazyPage(load: () => Promise<ComponentType>): ComponentType {
  return lazy(() => load().catch(notLoaded));
}

function notLoaded(error: unknown): ComponentType {
  console.error(error);
  return () => <NotLoaded error={error} />;
}

function NotLoaded({ error }: { readonly error: unknown }) {
  const [problem, setProblem] = useState<Problem>({
    title: 'Not loaded',
    detail: `${error}. Maybe the store does not answer, or was upgraded since the console was opened.`,
    status: 0,
  });
  return (
    <Page title="This page was not loaded">
      <ProblemNote problem={problem} retry={() => void loadAgain().catch((again) => setProblem(problemOf(again)))} />
    </Page>
  );
}

/**
 * Only a fresh load helps: browsers keep a failed import, and after an upgrade of the store its files have other names. Where the
 * store does not answer, a fresh load would replace the console by the browser's own error page.
 */
async function loadAgain(): Promise<void> {
  await getJson(SESSION_PATH);
  location.reload();
}
