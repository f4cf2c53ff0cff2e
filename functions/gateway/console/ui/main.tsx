/** The console: what the store shows in a browser. Each page is a chunk of its own, loaded when it is first opened. */
import { render } from 'preact';
import { LocationProvider, Route, Router } from 'preact-iso';
import './look/tokens.css';
import './look/base.css';
import './look/forced-colors.css';
import { Frame } from './parts/frame.tsx';
import { lazyPage } from './parts/lazy-page.tsx';
import { NotFound } from './parts/not-found.tsx';

const Overview = lazyPage(() => import('./overview/page.tsx').then(({ OverviewPage }) => OverviewPage));
const Orders = lazyPage(() => import('./orders/page.tsx').then(({ OrdersPage }) => OrdersPage));
const Order = lazyPage(() => import('./order/page.tsx').then(({ OrderPage }) => OrderPage));
const Stock = lazyPage(() => import('./stock/page.tsx').then(({ StockPage }) => StockPage));
const Product = lazyPage(() => import('./stock/product.tsx').then(({ ProductPage }) => ProductPage));
const DeadLetters = lazyPage(() => import('./dead-letters/page.tsx').then(({ DeadLettersPage }) => DeadLettersPage));
const Log = lazyPage(() => import('./log/page.tsx').then(({ LogPage }) => LogPage));
const FunctionStatus = lazyPage(() => import('./functions/page.tsx').then(({ FunctionPage }) => FunctionPage));

function Console() {
  return (
    <LocationProvider scope="/console">
      <Frame>
        <Router>
          <Route path="/console" component={Overview} />
          <Route path="/console/orders" component={Orders} />
          <Route path="/console/orders/:id" component={Order} />
          <Route path="/console/stock" component={Stock} />
          <Route path="/console/stock/:id" component={Product} />
          <Route path="/console/dead-letters" component={DeadLetters} />
          <Route path="/console/dead-letters/*" component={DeadLetters} />
          <Route path="/console/log" component={Log} />
          <Route path="/console/log/*" component={Log} />
          <Route path="/console/functions/:name" component={FunctionStatus} />
          <Route default component={NotFound} />
        </Router>
      </Frame>
    </LocationProvider>
  );
}

const root = document.getElementById('console');
if (root !== null) render(<Console />, root);
