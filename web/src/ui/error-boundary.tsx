import { Component, type ReactNode } from 'react';

/** Shows something else when what is inside breaks, so that the rest of the page stands. */
export class ErrorBoundary extends Component<
  { readonly children: ReactNode; readonly instead: ReactNode },
  { failed: boolean }
> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children;
  }
}
