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
  return (
    <Loaded resource={found}>
      {({ messages }) => (
        <MessageList
          topic={topic}
          messages={messages.filter((message) => placeOf(message) === place)}
          selected={place}
          select={close}
        />
      )}
    </Loaded>
  );
}
