import { useLocation } from 'preact-iso';
import { Choice, TextField } from '../parts/fields.tsx';
import { type Fields, useDraft } from '../parts/use-draft.ts';
import { lettersHref, queryOf } from './places.ts';

const codes = [
  '',
  'unreadable',
  'unknown_type',
  'not_allowed',
  'id_reused',
  'refused',
  'late',
  'newer_version',
  'failed',
];
const statuses = ['open', 'replaying', 'replayed', 'edited', 'discarded', 'compensated', 'all'];

/** The filter of a list of dead letters. It lies in the address, so that a list can be sent to others. */
export function LetterFilter({ name, filter }: { readonly name: string; readonly filter: Fields }) {
  const { route } = useLocation();
  const [draft, set] = useDraft(filter);
  const apply = ({ status, ...given }: Fields) => {
    route(`${lettersHref(name)}${queryOf({ ...given, ...(status === 'open' ? {} : { status }) })}`);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    apply(draft);
  };
  const text = (field: string) => ({ value: draft[field] ?? '', onType: (value: string) => void set(field, value) });
  const choice = (field: string, other: string) => ({
    value: draft[field] ?? other,
    onChoose: (value: string) => apply(set(field, value)),
  });
  return (
    <form class="row filter" onSubmit={submit} aria-label="Filter">
      <Choice label="Status" options={statuses} {...choice('status', 'open')} />
      <Choice label="Code" options={codes} {...choice('code', '')} />
      <TextField label="Key, such as an order" {...text('key')} />
      <TextField label="Group" {...text('fingerprint')} />
      <button type="submit">Filter</button>
    </form>
  );
}
