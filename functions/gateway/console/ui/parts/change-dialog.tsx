import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import type { Signed } from '../api/who.ts';
import { Dialog } from './dialog.tsx';
import { SignForm } from './sign-form.tsx';
import { ProblemNote, Skeleton } from './states.tsx';

/** The store will not do it as things are: asking again brings nothing. */
const REFUSED = 409;

export interface Change<Preview> {
  readonly title: string;
  /** Asks the store what would happen; nothing is changed by it. */
  preview(isForced: boolean): Promise<Preview>;
  show(preview: Preview): ComponentChildren;
  /** The words of the button that does it, which repeat how much is changed. */
  confirm(preview: Preview): string;
  act(signed: Signed, isForced: boolean): Promise<void>;
  readonly isDanger?: boolean;
  /** Whether an operator may do it also where the store advises against it. */
  readonly canForce?: boolean;
}

/** A change by an operator: first its dry run, then who does it and why. */
export function ChangeDialog<Preview>({
  change,
  onClose,
}: {
  readonly change: Change<Preview>;
  readonly onClose: () => void;
}) {
  const [isForced, setForced] = useState(false);
  const [round, setRound] = useState(0);
  const { preview, problem, isAsking } = usePreview(change, isForced, round);
  const act = async (signed: Signed) => {
    await change.act(signed, isForced);
    onClose();
  };
  return (
    <Dialog title={change.title} onClose={onClose} answer={preview ?? problem}>
      {isAsking && <Skeleton />}
      {problem !== null && (
        <ProblemNote
          problem={problem}
          isBusy={isAsking}
          {...(problem.status !== REFUSED && { retry: () => setRound(round + 1) })}
        />
      )}
      {change.canForce === true && (isForced || problem?.status === REFUSED) && (
        <label class="check">
          <input type="checkbox" checked={isForced} onChange={() => setForced(!isForced)} /> Force it, also past the
          limits
        </label>
      )}
      {preview !== null && change.show(preview)}
      {preview !== null && <SignForm confirm={change.confirm(preview)} act={act} isDanger={change.isDanger === true} />}
    </Dialog>
  );
}

interface Asked<Preview> {
  readonly preview: Preview | null;
  readonly problem: Problem | null;
  readonly isAsking: boolean;
}

/** Asks for the dry run, and once more in each round. A problem stays until the next answer, with the button that asks again. */
function usePreview<Preview>(change: Change<Preview>, isForced: boolean, round: number): Asked<Preview> {
  const [asked, setAsked] = useState<Asked<Preview>>({ preview: null, problem: null, isAsking: true });
  useEffect(() => {
    let isWanted = true;
    setAsked(({ problem }) => ({ preview: null, problem, isAsking: true }));
    change.preview(isForced).then(
      (preview) => isWanted && setAsked({ preview, problem: null, isAsking: false }),
      (error: unknown) => isWanted && setAsked({ preview: null, problem: problemOf(error), isAsking: false }),
    );
    return () => {
      isWanted = false;
    };
  }, [isForced, round]);
  return asked;
}
