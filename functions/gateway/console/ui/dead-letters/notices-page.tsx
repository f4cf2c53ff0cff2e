import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { AllSentAgainBody, NoticeBody, SentAgainBody } from '../../../../notification/representation.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { type Signed, unsigned } from '../api/who.ts';
import { type Change, ChangeDialog } from '../parts/change-dialog.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { Trail } from '../parts/trail.tsx';
import { When } from '../parts/when.tsx';
import { counted, figure } from '../parts/words.ts';
import { queryOf } from './places.ts';

const EVERY_MS = 2_000;
const PAGE = 50;
const PATH = '/operations/notification/notices';
const HREF = '/console/dead-letters/notices';

interface NoticesBody {
  readonly notifications: readonly NoticeBody[];
  readonly _links: Readonly<Record<string, { readonly href: string } | undefined>>;
}

/** Notices that their channel refused for too long. An operator has them sent again. */
export function NoticesPage() {
  const { cursor } = useLocation().query;
  const query = queryOf({ status: 'failed', limit: String(PAGE), cursor });
  const notices = useResource<NoticesBody>(`/notifications${query}`, EVERY_MS);
  const [change, setChange] = useState<Change<unknown> | null>(null);
  const close = () => {
    setChange(null);
    notices.reload();
  };
  const count = notices.data?.notifications.length ?? 0;
  const sendAll = (
    <button type="button" onClick={() => setChange(sendAllAgain as Change<unknown>)}>
      Send all again …
    </button>
  );
  return (
    <Page
      title="Failed notices"
      trail={<Trail of={[['/console/dead-letters', 'Dead letters']]} />}
      actions={count > 0 && sendAll}
    >
      <Loaded resource={notices}>
        {({ notifications, _links }) => (
          <>
            {notifications.length === 0 && <NoNotices />}
            <ul class="letters" aria-label="Failed notices">
              {notifications.map((notice) => (
                <Notice
                  key={notice.notificationId}
                  notice={notice}
                  sendAgain={() => setChange(sendOneAgain(notice) as Change<unknown>)}
                />
              ))}
            </ul>
            <NextPage next={_links['next']?.href} isFirst={cursor === undefined} />
          </>
        )}
      </Loaded>
      {change !== null && <ChangeDialog change={change} onClose={close} />}
    </Page>
  );
}

function Notice({ notice, sendAgain }: { readonly notice: NoticeBody; readonly sendAgain: () => void }) {
  const { customerId, orderId, fact, channel, status, attempts, attemptedAt, lastError } = notice;
  return (
    <li class="card letter-row">
      <p class="letter-status">
        <Status of={status} />
      </p>
      <div class="letter-what">
        <p>
          {fact} to <span class="mono">{foreignText(customerId)}</span> about{' '}
          <a class="mono" href={`/console/orders/${encodeURIComponent(orderId)}`}>
            {foreignText(orderId)}
          </a>
        </p>
        <p class="letter-detail">{foreignText(lastError ?? 'no error is known', { max: 300 })}</p>
        <p class="quiet letter-times">
          <span>
            {foreignText(channel)}, {counted(attempts, 'attempt')}
          </span>
          <span>
            last <When at={attemptedAt} />
          </span>
        </p>
      </div>
      <button type="button" onClick={sendAgain}>
        Send again …<span class="visually-hidden"> {`${fact} of ${foreignText(orderId)}`}</span>
      </button>
    </li>
  );
}

function NoNotices() {
  return (
    <Empty command="npm run notices list">
      <p class="grow">
        <span class="is-good">✓ No failed notices.</span> A notice fails when its channel refuses it for good, or for
        too long.
      </p>
    </Empty>
  );
}

function NextPage({ next, isFirst }: { readonly next: string | undefined; readonly isFirst: boolean }) {
  const cursor = next === undefined ? null : new URL(next, location.href).searchParams.get('cursor');
  if (isFirst && cursor === null) return null;
  return (
    <nav class="row" aria-label="Pages of the list">
      {!isFirst && <a href={HREF}>First page</a>}
      {cursor !== null && <a href={`${HREF}${queryOf({ cursor })}`}>Next {PAGE}</a>}
    </nav>
  );
}

function sendOneAgain({ notificationId, fact, orderId }: NoticeBody): Change<SentAgainBody> {
  const path = `${PATH}/${encodeURIComponent(notificationId)}/send-again`;
  return {
    title: `Send ${fact} of ${foreignText(orderId)} again`,
    async preview() {
      return (await send<SentAgainBody>('POST', path, { body: { ...unsigned, dryRun: true } })).body;
    },
    show: ({ notification: { text, sentAgain } }) => (
      <>
        <p class="contents">{foreignText(text)}</p>
        <p>It is tried at once, and then as a new one would be.</p>
        {sentAgain.map(({ at, who, reason, attempts }) => (
          <p key={at} class="quiet">
            Sent again <When at={at} /> by {foreignText(who)} after {counted(attempts, 'attempt')}:{' '}
            {foreignText(reason)}
          </p>
        ))}
      </>
    ),
    confirm: () => 'Send 1 notice again',
    async act(signed) {
      await send('POST', path, { body: signed });
    },
  };
}

const sendAllAgain: Change<number> = {
  title: 'Send all failed notices again',
  async preview() {
    const body = { ...unsigned, dryRun: true };
    const { sentAgain, left } = (await send<AllSentAgainBody>('POST', `${PATH}/send-again`, { body })).body;
    return sentAgain + left;
  },
  show: (count) => (
    <p>
      <strong>{counted(count, 'notice')}</strong> {count === 1 ? 'has' : 'have'} failed. Each is tried at once, the
      oldest first, and then as a new one would be.
    </p>
  ),
  confirm: (count) => `Send ${figure(count)} ${count === 1 ? 'notice' : 'notices'} again`,
  act: sendPages,
};

/** One request for each page: notices that fail again meanwhile are not repeated. */
async function sendPages(signed: Signed): Promise<void> {
  let next: string | null = null;
  do {
    const body: object = { ...signed, ...(next === null ? {} : { cursor: next }) };
    next = (await send<AllSentAgainBody>('POST', `${PATH}/send-again`, { body })).body.next;
  } while (next !== null);
}
