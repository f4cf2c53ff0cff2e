import { Page } from './page.tsx';

export function NotFound() {
  return (
    <Page title="Nothing here">
      <p>
        There is no such page. <a href="/console">Go to the overview</a>
      </p>
    </Page>
  );
}
