import React from 'react';
import { Notice } from './Card.tsx';
import { PageFrame } from './PageFrame.tsx';

/** Catches what a page throws while it is drawn, so that the rest of the window stays usable. */
export class Failure extends React.Component<{ children: React.ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): React.ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <PageFrame>
        <Notice kind="error" title="This page could not be drawn">
          <p>{error.message}</p>
          <p>
            <a href="./">Load the overview</a>
          </p>
        </Notice>
      </PageFrame>
    );
  }
}
