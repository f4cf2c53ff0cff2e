import { Component, type ComponentChildren } from 'preact';
import { problemOf } from '../api/problem.ts';
import { Page } from './page.tsx';
import { ProblemNote } from './states.tsx';

interface Props {
  /** Where the browser is: at another place the children are tried again. */
  readonly at: string;
  readonly children: ComponentChildren;
}

interface State {
  readonly at: string;
  readonly failure: { readonly error: unknown } | null;
}

/** Shows its children; where one of them throws, its error in their place, so that the way to the other pages stays. */
export class ErrorBoundary extends Component<Props, State> {
  static override getDerivedStateFromError(error: unknown): Partial<State> {
    return { failure: { error } };
  }

  static override getDerivedStateFromProps({ at }: Props, state: State): Partial<State> | null {
    return state.at === at ? null : { at, failure: null };
  }

  override state: State = { at: this.props.at, failure: null };

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render() {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return (
      <Page title="This page has an error">
        <ProblemNote problem={problemOf(failure.error)} retry={() => this.setState({ failure: null })} />
      </Page>
    );
  }
}
