import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { rememberedWho, rememberWho, type Signed } from '../api/who.ts';
import { ProblemNote } from './states.tsx';

/** The store refuses longer ones. */
const WHO_MAX = 200;
const REASON_MAX = 500;

/** Asks who does it and why, then does it. `confirm`: the button's words, which repeat how much is changed. */
export function SignForm({
  confirm,
  act,
  isDanger = false,
  isReady = true,
}: {
  readonly confirm: string;
  readonly act: (signed: Signed) => Promise<void>;
  readonly isDanger?: boolean;
  readonly isReady?: boolean;
}) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const signed = { who: String(form.get('who')).trim(), reason: String(form.get('reason')).trim() };
    rememberWho(signed.who);
    setBusy(true);
    setProblem(null);
    try {
      await act(signed);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  return (
    <form class="stack sign-form" onSubmit={submit}>
      <div class="sign-fields">
        <label>
          Who
          <input name="who" required maxLength={WHO_MAX} defaultValue={rememberedWho()} autocomplete="off" />
        </label>
        <label>
          Why
          <input name="reason" required maxLength={REASON_MAX} autocomplete="off" />
        </label>
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
      <div class="row">
        <button type="submit" class={isDanger ? 'danger' : 'main'} disabled={!isReady} aria-disabled={isBusy}>
          {confirm}
        </button>
        <span class="quiet">Both are kept with the change.</span>
      </div>
    </form>
  );
}
