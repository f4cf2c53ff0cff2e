import type { ComponentChildren } from 'preact';
import type { DeadLetterBody, ResolvedBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { send } from '../api/request.ts';
import { unsigned } from '../api/who.ts';
import { type Change, ChangeDialog } from '../parts/change-dialog.tsx';
import { figure } from '../parts/words.ts';
import { BehindView, ForeseenView } from './foreseen.tsx';
import { messageName } from './letters-page.tsx';
import { letterPath } from './places.ts';

export const actions = ['replay', 'edit', 'discard', 'compensate'] as const;
export type Action = (typeof actions)[number];

const titles: Readonly<Record<Action, string>> = {
  replay: 'Replay',
  edit: 'Edit and replay',
  discard: 'Discard',
  compensate: 'Compensate',
};

/** Replays, discards or compensates one dead letter: first its dry run, then who and why. */
export function ResolutionDialog({
  letter,
  action,
  onClose,
}: {
  readonly letter: DeadLetterBody;
  readonly action: Action;
  readonly onClose: () => void;
}) {
  const path = `${letterPath(letter.function, letter.letter)}/${action}`;
  const force = (isForced: boolean) => (action === 'replay' ? { force: isForced } : {});
  const change: Change<ResolvedBody> = {
    title: `${titles[action]} ${messageName(letter.attributes)}`,
    async preview(isForced) {
      const body = { ...unsigned, ...force(isForced), dryRun: true };
      return (await send<ResolvedBody>('POST', path, { body })).body;
    },
    show: (preview) => <Preview action={action} preview={preview} />,
    confirm: ({ behind }) => confirmWords(action, behind),
    async act(signed, isForced) {
      await send('POST', path, { body: { ...signed, ...force(isForced) } });
    },
    isDanger: action !== 'replay',
    canForce: action === 'replay',
  };
  return <ChangeDialog change={change} onClose={onClose} />;
}

/** The words of the button, which say how much is changed. */
export function confirmWords(action: Action, behind: number): string {
  const words = {
    replay: 'Replay 1 message',
    edit: 'Replace and replay 1 message',
    discard: 'Discard 1 message',
    compensate: 'Cancel its order and discard 1 message',
  }[action];
  return behind === 0 ? words : `${words}, ${figure(behind)} behind it`;
}

function Preview({ action, preview }: { readonly action: Action; readonly preview: ResolvedBody }) {
  const { foreseen, behind } = preview;
  return (
    <>
      {foreseen === null ? <p>{consequences[action]}</p> : <ForeseenView of={foreseen} />}
      <BehindView behind={behind} isOver={foreseen === null || foreseen.error === null} />
    </>
  );
}

const consequences: Readonly<Record<Action, ComponentChildren>> = {
  replay: 'It is tried once more, before the messages behind it.',
  edit: 'The original is never handled.',
  discard: 'The message is never handled, even when it is delivered again.',
  compensate:
    'Its order is cancelled first; where that is refused, nothing is changed. Then the message is closed: it is never handled, ' +
    'even when it is delivered again.',
};
