import { Route, Router } from 'preact-iso';
import './dead-letters.css';
import { NotFound } from '../parts/not-found.tsx';
import { EditPage } from './edit-page.tsx';
import { GroupsPage } from './groups-page.tsx';
import { LetterPage } from './letter-page.tsx';
import { LettersPage } from './letters-page.tsx';
import { NoticesPage } from './notices-page.tsx';
import { ReplayPage } from './replay-page.tsx';

/** Messages that could not be handled: groups, the letters of a group, one letter, replays. Beside them failed notices. */
export function DeadLettersPage() {
  return (
    <Router>
      <Route path="/" component={GroupsPage} />
      <Route path="/notices" component={NoticesPage} />
      <Route path="/:function" component={LettersPage} />
      <Route path="/:function/replays/:id" component={ReplayPage} />
      <Route path="/:function/:letter" component={LetterPage} />
      <Route path="/:function/:letter/edit" component={EditPage} />
      <Route default component={NotFound} />
    </Router>
  );
}
