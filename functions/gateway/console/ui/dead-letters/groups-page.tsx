import { useState } from 'preact/hooks';
import type { GroupBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import type { StoreBody } from '../../../../../shared/runtime/inspect/representation.ts';
import type { Problem } from '../api/problem.ts';
import { useEach } from '../api/use-each.ts';
import { useResource } from '../api/use-resource.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { Empty, Loaded, ProblemNote, Skeleton } from '../parts/states.tsx';
import { FunctionName } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { counted, figure, listed } from '../parts/words.ts';
import { BulkReplayDialog } from './bulk-replay-dialog.tsx';
import { lettersHref, lettersPath } from './places.ts';

const EVERY_MS = 2_000;

interface GroupsBody {
  readonly groups: readonly GroupBody[];
  readonly isWhole: boolean;
}

export function GroupsPage() {
  const store = useResource<StoreBody>('/operations/store');
  return (
    <Page title="Dead letters" actions={<a href="/console/dead-letters/notices">Failed notices</a>}>
      <p class="quiet">
        Messages that a function could not handle, by cause. Later messages of the same key wait until they are
        resolved.
      </p>
      <Loaded resource={store}>{({ saga }) => <Groups functions={saga.functions} />}</Loaded>
    </Page>
  );
}

function Groups({ functions }: { readonly functions: readonly string[] }) {
  const { each, reload } = useEach<GroupsBody>(
    functions.map((name) => `${lettersPath(name)}/groups`),
    EVERY_MS,
  );
  const [replayed, setReplayed] = useState<GroupBody | null>(null);
  if (each === null) return <Skeleton />;
  const groups = each.flatMap(({ data }) => data?.groups ?? []).sort((one, other) => other.count - one.count);
  const answered = functions.filter((_, n) => each[n]?.data != null);
  const away = functions.filter((name) => !answered.includes(name));
  const isWhole = each.every(({ data }) => data?.isWhole ?? true);
  return (
    <>
      {distinct(each.map(({ problem }) => problem)).map((problem) => (
        <ProblemNote key={problem.detail} problem={problem} retry={reload} />
      ))}
      {!isWhole && <p class="is-wait">! There are more: these are the groups of the newest 10,000 of a function.</p>}
      {groups.length === 0 && <NoGroups answered={answered} away={away} />}
      <ul class="letters" aria-label="Groups">
        {groups.map((group) => (
          <Group key={`${group.function} ${group.fingerprint}`} group={group} replay={() => setReplayed(group)} />
        ))}
      </ul>
      {replayed !== null && (
        <BulkReplayDialog
          name={replayed.function}
          filter={{ fingerprint: replayed.fingerprint }}
          onClose={() => setReplayed(null)}
        />
      )}
    </>
  );
}

function Group({ group, replay }: { readonly group: GroupBody; readonly replay: () => void }) {
  const { function: name, fingerprint, code, detail, count, oldest, newest, replays } = group;
  return (
    <li class="card letter-row">
      <p class="letter-count">
        <strong>{figure(count)}</strong>
        <span class="quiet">{count === 1 ? 'letter' : 'letters'}</span>
      </p>
      <div class="letter-what">
        <p>
          <FunctionName name={name} /> <span class="quiet">·</span> <code>{code}</code>
        </p>
        <a href={lettersHref(name, { fingerprint })} class="letter-detail">
          {foreignText(detail, { max: 300 })}
        </a>
        <p class="quiet letter-times">
          <span>
            oldest <When at={oldest} />
          </span>
          <span>
            newest <When at={newest} />
          </span>
          <span>{replays === 0 ? 'never replayed' : counted(replays, 'replay')}</span>
        </p>
      </div>
      <button type="button" onClick={replay}>
        Replay …<span class="visually-hidden"> {`${counted(count, 'letter')} of ${name}: ${code}`}</span>
      </button>
    </li>
  );
}

/** Each problem once: where the store itself does not answer, all functions have the same. */
function distinct(problems: readonly (Problem | null)[]): readonly Problem[] {
  const found = problems.filter((problem) => problem !== null);
  return [...new Map(found.map((problem) => [problem.detail, problem])).values()];
}

/** Of the functions that have answered none has a dead letter. */
function NoGroups({ answered, away }: { readonly answered: readonly string[]; readonly away: readonly string[] }) {
  if (answered.length === 0) return null;
  return (
    <Empty command="npm run produce order-commands e2e/tools/bad-order.json">
      <p class="grow">
        {away.length === 0 ? (
          <span class="is-good">✓ No dead letters.</span>
        ) : (
          <>
            No dead letters of {listed(answered)}. <span class="is-wait">? Nothing is known of {listed(away)}.</span>
          </>
        )}{' '}
        A message becomes a dead letter when its attempts are over, or when it can never be handled, such as an order
        without a customer.
      </p>
      <a href="/console/log">Look at the log</a>
    </Empty>
  );
}
