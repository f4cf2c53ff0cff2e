import type { RefObject } from 'preact';
import type { MessageBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { textOf } from '../parts/contents.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { When } from '../parts/when.tsx';
import { figure } from '../parts/words.ts';
import { MessageView } from './message-view.tsx';
import { placeOf } from './selection.ts';

const CELL_MAX = 160;

/** Messages, one a line. The selected one is open. */
export function MessageList({
  topic,
  messages,
  selected,
  select,
  list,
}: {
  readonly topic: string;
  readonly messages: readonly MessageBody[];
  readonly selected: string | undefined;
  readonly select: (place: string | undefined) => void;
  readonly list?: RefObject<HTMLUListElement | null>;
}) {
  if (messages.length === 0) return null;
  return (
    <div class="card log-card">
      <p class="log-line log-columns quiet" aria-hidden="true">
        <span class="number">Position</span>
        <span>Time</span>
        <span>Type</span>
        <span>Key</span>
        <span>Id</span>
      </p>
      <ul aria-label="Messages" tabIndex={-1} ref={list ?? null}>
        {messages.map((message) => {
          const place = placeOf(message);
          const isOpen = place === selected;
          return (
            <li key={place} class={isOpen ? 'log-open' : undefined}>
              <button
                type="button"
                class="log-line"
                aria-expanded={isOpen}
                onClick={() => select(isOpen ? undefined : place)}
              >
                <Cells message={message} />
              </button>
              {isOpen && <MessageView topic={topic} message={message} />}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Cells({ message: { partition, position, attributes } }: { readonly message: MessageBody }) {
  const { type, partitionkey, subject, id, receivedat, time } = attributes;
  const at = receivedat ?? time;
  return (
    <>
      <span class="number quiet">
        {partition > 0 && <span title={`partition ${partition}`}>{partition}·</span>}
        {figure(position)}
      </span>
      <span class="log-time">
        <When at={at === undefined || at === null ? null : textOf(at)} />
      </span>
      <strong>{cell(type)}</strong>
      <span class="mono log-key">{cell(partitionkey ?? subject)}</span>
      <span class="mono quiet log-id">{cell(id)}</span>
    </>
  );
}

function cell(value: unknown): string {
  return value === undefined || value === null ? '–' : foreignText(textOf(value), { max: CELL_MAX });
}
