import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { session, signOut } from '../api/session.ts';
import { foreignText } from '../parts/foreign-text.ts';

const DETAIL_MAX = 500;

/** Ends the session of an operator; not there without one. */
export function SignOutButton() {
  const now = session.value;
  return now?.required === true && now.signedIn ? <SignOut /> : null;
}

function SignOut() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const leave = async () => {
    setProblem(null);
    try {
      await signOut();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <>
      <button type="button" onClick={leave}>
        Sign out
      </button>
      {problem !== null && (
        <p role="alert" class="is-bad">
          ✕ Signing out failed: {foreignText(problem.detail, { max: DETAIL_MAX })}
        </p>
      )}
    </>
  );
}
