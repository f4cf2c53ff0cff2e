import { useLocation } from 'preact-iso';
import type { ReplayJobBody, StartReplayBody } from '../../../../../shared/runtime/dead-letters/replay-schemas.ts';
import type { ReplayedBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { send } from '../api/request.ts';
import { unsigned } from '../api/who.ts';
import { type Change, ChangeDialog } from '../parts/change-dialog.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { counted, figure } from '../parts/words.ts';
import { type Filter, lettersPath, replayHref, replaysPath } from './places.ts';

/** The most that one dry run looks at; a replay itself goes on. */
const LOOKED_AT_MAX = 1_000;

/** Replays all open dead letters that match, in growing batches; then shows how it goes. */
export function BulkReplayDialog({
  name,
  filter,
  onClose,
}: {
  readonly name: string;
  readonly filter: Filter;
  readonly onClose: () => void;
}) {
  const { route } = useLocation();
  const change: Change<ReplayedBody> = {
    title: `Replay dead letters of ${foreignText(name)}`,
    async preview(force) {
      const body = { ...unsigned, ...filter, force, max: LOOKED_AT_MAX, dryRun: true };
      return (await send<ReplayedBody>('POST', `${lettersPath(name)}/replay`, { body })).body;
    },
    show: ({ left, waves }) => <Batches left={left} sizes={waves.map(({ letters }) => letters)} />,
    confirm: ({ left }) => `Replay ${counted(left, 'dead letter')}`,
    async act(signed, force) {
      const body = { ...signed, ...filter, force } as StartReplayBody;
      const { replay } = (await send<ReplayJobBody>('POST', replaysPath(name), { body })).body;
      route(replayHref(name, replay));
    },
  };
  return <ChangeDialog change={change} onClose={onClose} />;
}

function Batches({ left, sizes }: { readonly left: number; readonly sizes: readonly number[] }) {
  return (
    <>
      <p>
        <strong>{counted(left, 'open dead letter')}</strong> {left === 1 ? 'matches' : 'match'}. They are tried again,
        the oldest first, each before the messages that wait behind it.
      </p>
      <p>
        In batches of {sizes.map(figure).join(', ')}
        {left > LOOKED_AT_MAX ? ', …' : ''}: each is looked at before the next one starts, and a failure that comes back
        ends the replay.
      </p>
    </>
  );
}
