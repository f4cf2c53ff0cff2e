import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { needsSignIn, send } from '../api/request.ts';
import { ProblemNote } from '../parts/states.tsx';

/** Asks for the operators' token where the store has one and nobody is signed in. */
export function SignIn() {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!needsSignIn.value) return null;
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    try {
      await send('POST', '/operations/session', { body: { token } });
      location.reload();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="card stack" onSubmit={signIn} aria-label="Sign in">
      <p>This store shows its data to operators. Their token is the setting OPERATIONS_TOKEN of the store.</p>
      <div class="row">
        <label>
          Token
          <input name="token" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="main">
          Sign in
        </button>
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  );
}
