import React from 'react';
import { shortened } from '../../shared/model/visible.ts';
import { setParams } from '../location.ts';
import { Card } from '../parts/Card.tsx';
import { recentQueries } from './recent.ts';
import { SavedList } from './SavedQueries.tsx';

const EXAMPLES = [
  'sum by (le) (rate(model_prediction_latency_seconds_bucket[1m]))',
  'histogram_quantile(0.99, sum by (le, version) (rate(model_prediction_latency_seconds_bucket[5m])))',
  'sum by (route, status) (rate(http_requests_total[1m]))',
  'up',
];

/** Before anything is asked: what could be. */
export function Beginning() {
  return (
    <Card title="Ask something">
      <p className="dim">
        Names and labels are completed while you type. Enter runs, Shift-Enter makes a new line. Buckets by{' '}
        <code>le</code> are drawn as a heatmap.
      </p>
      <Expressions title="For example" texts={EXAMPLES} />
      <SavedList />
      <Expressions title="Asked lately" texts={recentQueries()} />
    </Card>
  );
}

function Expressions({ title, texts }: { title: string; texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <section className="examples">
      <h3>{title}</h3>
      <ul>
        {texts.map((text) => (
          <li key={text}>
            <button type="button" onClick={() => setParams({ expr: text }, 'push')}>
              <code>{shortened(text, 400)}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
