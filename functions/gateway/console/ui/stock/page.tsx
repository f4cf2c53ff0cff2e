import { Page } from '../parts/page.tsx';

export function StockPage() {
  return <Page title="Stock">{null}</Page>;
}
