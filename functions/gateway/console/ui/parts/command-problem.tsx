import type { Command } from '../api/use-command.ts';
import { ProblemNote } from './states.tsx';

/**
 * Why a command failed, and what another try does where no answer tells whether it was done.
 * `makes`: what it records, such as `receipt`. `changed`: what it is with other contents.
 */
export function CommandProblem({
  command,
  makes,
  changed,
}: {
  readonly command: Pick<Command<unknown>, 'problem' | 'isUnanswered'>;
  readonly makes: string;
  readonly changed: string;
}) {
  if (command.problem === null) return null;
  return (
    <>
      <ProblemNote problem={command.problem} />
      {command.isUnanswered() && (
        <p class="is-wait">
          ? The {makes} may be recorded all the same. Sent again as it is, it counts once; changed, it is {changed}.
        </p>
      )}
    </>
  );
}
