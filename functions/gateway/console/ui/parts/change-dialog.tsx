import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import type { Signed } from '../api/who.ts';
import { Dialog } from './dialog.tsx';
import { SignForm } from './sign-form.tsx';
import { ProblemNote, Skeleton } from './states.tsx';

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
  const [preview, setPreview] = useState<Preview | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let isWanted = true;
    setPreview(null);
    setProblem(null);
    change.preview(isForced).then(
      (found) => isWanted && setPreview(found),
      (error: unknown) => isWanted && setProblem(problemOf(error)),
    );
    return () => {
      isWanted = false;
    };
  }, [isForced]);
  const act = async (signed: Signed) => {
    await change.act(signed, isForced);
    onClose();
  };
  return (
    <Dialog title={change.title} onClose={onClose}>
      {preview === null && problem === null && <Skeleton />}
      {problem !== null && <ProblemNote problem={problem} />}
      {change.canForce === true && (isForced || problem?.status === 409) && (
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
