import { useLocation } from 'preact-iso';
import { Choice, TextField } from '../parts/fields.tsx';
import { type Fields, useDraft } from '../parts/use-draft.ts';
import { type Origin, originOf, origins, type Query, topicHref } from './selection.ts';

/** Where the list begins, and what it holds: equality alone. It lies in the address. */
export function TopicFilter({
  topic,
  query,
  partitions,
}: {
  readonly topic: string;
  readonly query: Query;
  readonly partitions: number;
}) {
  const { route } = useLocation();
  const { partition = '', type = '', key = '', from = '' } = query;
  const origin = originOf(query);
  const isPlace = origin === 'position' || origin === 'time';
  const [draft, set] = useDraft({ partition, type, key, origin, place: isPlace ? from : '' });
  const apply = (fields: Fields) => route(topicHref(topic, queryOf(fields)));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    apply(draft);
  };
  const choose = (name: string) => (value: string) => {
    const next = set(name, value);
    if (name !== 'origin' || value === 'newest' || value === 'oldest') apply(next);
  };
  const lanes = ['', ...Array.from({ length: partitions }, (_, n) => String(n))];
  return (
    <form class="row filter" onSubmit={submit} aria-label="Filter">
      <Choice label="From" value={draft['origin'] ?? ''} options={origins} onChoose={choose('origin')} />
      <PlaceField
        origin={draft['origin'] as Origin}
        value={draft['place'] ?? ''}
        onType={(value) => void set('place', value)}
      />
      {partitions > 1 && (
        <Choice label="Partition" value={draft['partition'] ?? ''} options={lanes} onChoose={choose('partition')} />
      )}
      <TextField label="Type is" value={draft['type'] ?? ''} onType={(value) => void set('type', value)} />
      <TextField label="Key is" value={draft['key'] ?? ''} onType={(value) => void set('key', value)} />
      <button type="submit">Show</button>
    </form>
  );
}

function PlaceField({
  origin,
  value,
  onType,
}: {
  readonly origin: Origin;
  readonly value: string;
  readonly onType: (value: string) => void;
}) {
  if (origin === 'newest' || origin === 'oldest') return null;
  const isTime = origin === 'time';
  return (
    <label>
      {isTime ? 'Time, UTC' : 'Position'}
      <input
        required
        class="mono"
        value={isTime && /^\d*$/.test(value) ? '' : value}
        placeholder={isTime ? '2026-11-27T09:00:00.000Z' : '0'}
        inputMode={isTime ? 'text' : 'numeric'}
        pattern={isTime ? undefined : '\\d+'}
        maxLength={32}
        onInput={({ currentTarget }) => onType(currentTarget.value)}
      />
    </label>
  );
}

function queryOf({ origin, place = '', partition, type, key }: Fields): Query {
  const from = origin === 'newest' ? '' : origin === 'oldest' ? 'oldest' : place.trim();
  return { from, partition, type, key };
}
