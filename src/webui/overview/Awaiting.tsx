import React from 'react';
import { Card, Notice } from '../parts/Card.tsx';

/** A card before the first scrapes: there may be all or nothing of it. */
export function Awaiting({ title, className }: { title: string; className: string }) {
  return (
    <Card title={title} className={className}>
      <Notice kind="loading" title="Waiting for the first scrape …" />
    </Card>
  );
}
