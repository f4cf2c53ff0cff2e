import type { MessageBody, MessagesBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { useResource } from '../api/use-resource.ts';
import { Loaded } from '../parts/states.tsx';
import { MessageList } from './message-list.tsx';
import { messagePath, placeOf } from './selection.ts';

/** The message that the address selects, where the list does not hold it. */
export function SingleMessage({
  topic,
  place,
  read,
  close,
}: {
  readonly topic: string;
  readonly place: string | undefined;
  readonly read: readonly MessageBody[];
  readonly close: () => void;
}) {
  const isListed = place === undefined || read.some((message) => placeOf(message) === place);
  const found = useResource<MessagesBody>(isListed ? null : messagePath(topic, place));
  if (isListed) return null;
  if (messagePath(topic, place) === null) return <NotThere close={close} />;
  return (
    <Loaded resource={found}>
      {({ messages }) => {
        const wanted = messages.filter((message) => placeOf(message) === place);
        return wanted.length === 0 ? (
          <NotThere close={close} />
        ) : (
          <MessageList topic={topic} messages={wanted} selected={place} select={close} />
        );
      }}
    </Loaded>
  );
}

/** The address names a message that was pruned, or never written. */
function NotThere({ close }: { readonly close: () => void }) {
  return (
    <div class="card row">
      <p class="grow">The selected message is not there: it was pruned, or it was never written.</p>
      <button type="button" onClick={close}>
        Close
      </button>
    </div>
  );
}
