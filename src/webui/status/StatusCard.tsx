import React from 'react';
import type { Fetched } from '../api/useFetched.ts';
import { Card, Notice } from '../parts/Card.tsx';

interface StatusCardProps<T> {
  readonly title: string;
  readonly tools?: React.ReactNode;
  readonly fetched: Fetched<T>;
  readonly children: (data: T) => React.ReactNode;
}

/** A card over an answer: words while it is on its way, and where it failed. */
export function StatusCard<T>({ title, tools, fetched, children }: StatusCardProps<T>) {
  return (
    <Card title={title} busy={fetched.loading} tools={tools}>
      {fetched.error !== undefined && <Notice kind="error" title={fetched.error.message} />}
      {fetched.data !== undefined && children(fetched.data)}
      {fetched.data === undefined && fetched.error === undefined && <Notice kind="loading" title="Asking …" />}
    </Card>
  );
}
