import { Page } from '../parts/page.tsx';

export function FunctionPage() {
  return <Page title="Function">{null}</Page>;
}
