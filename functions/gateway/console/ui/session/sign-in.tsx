import { useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { signIn } from '../api/session.ts';
import { ProblemNote } from '../parts/states.tsx';
import './session.css';
import { tunnelTo } from './tunnel.ts';

/** Asks for the operators' token. `hasEnded`: a session was there before. */
export function SignIn({ hasEnded }: { readonly hasEnded: boolean }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    try {
      await signIn(field.current?.value ?? '');
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
      field.current?.select();
    }
  };
  return (
    <form class="card stack sign-in" onSubmit={submit} aria-labelledby="sign-in">
      <h1 id="sign-in">{hasEnded ? 'Your session has ended' : 'Sign in'}</h1>
      <p>
        {hasEnded && 'Sign in to go on where you are. '}
        This store shows its data to operators. Their token is its setting <code>OPERATIONS_TOKEN</code>.
      </p>
      {!isSecureContext && <PlainHttpNote />}
      <div class="row sign-in-fields">
        <label class="grow">
          Token
          <input ref={field} name="token" type="password" autocomplete="current-password" maxLength={4096} required />
        </label>
        <button type="submit" class="main" aria-disabled={isBusy}>
          Sign in
        </button>
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  );
}

/** The page came from another machine, without TLS. */
function PlainHttpNote() {
  const { command, url } = tunnelTo(new URL(location.href));
  return (
    <p class="is-wait">
      ! This page came over plain HTTP: the token could be read on its way, and the browser does not keep the session.
      Put TLS in front of the store, or reach it through a tunnel, such as <code>{command}</code>, at <code>{url}</code>
      .
    </p>
  );
}
