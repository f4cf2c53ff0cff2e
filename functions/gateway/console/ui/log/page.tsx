import { Route, Router } from 'preact-iso';
import './log.css';
import { NotFound } from '../parts/not-found.tsx';
import { TopicPage } from './topic-page.tsx';
import { TopicsPage } from './topics-page.tsx';

/** The topics of the store, and the messages in each. */
export function LogPage() {
  return (
    <Router>
      <Route path="/" component={TopicsPage} />
      <Route path="/:topic" component={TopicPage} />
      <Route default component={NotFound} />
    </Router>
  );
}
