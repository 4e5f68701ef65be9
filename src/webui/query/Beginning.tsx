import React from 'react';
import { shortened } from '../../shared/model/visible.ts';
import { useFetched } from '../api/useFetched.ts';
import { setParams } from '../location.ts';
import { takeInventory, type Inventory } from '../overview/inventory.ts';
import { bucketRates, chooseLatency, nativeRates, rangeSelector } from '../overview/latencySource.ts';
import { chooseRequests } from '../overview/requestSource.ts';
import { Card } from '../parts/Card.tsx';
import { recentQueries } from './recent.ts';
import { SavedList } from './SavedQueries.tsx';

const WINDOW_MS = 60_000;

/** Of what is stored; where that is not known or has nothing of the kind, less. */
function examplesOf(inventory: Inventory | undefined): string[] {
  if (inventory === undefined) return ['up'];
  const latency = chooseLatency(inventory, null);
  const requests = chooseRequests(inventory);
  const isNative = latency !== undefined && inventory.natives.has(latency);
  const rates = latency === undefined ? '' : (isNative ? nativeRates : bucketRates)(latency, '', WINDOW_MS);
  return [
    'up',
    ...(rates === '' ? [] : [rates, `histogram_quantile(0.99, ${rates})`]),
    ...(requests === undefined ? [] : [`sum by (job) (rate(${rangeSelector(requests, WINDOW_MS)}))`]),
  ];
}

/** Before anything is asked: what could be. */
export function Beginning() {
  const stored = useFetched('once', (signal) => takeInventory(Date.now(), Date.now(), signal));
  return (
    <Card title="Ask something">
      <p className="dim">
        Names and labels are completed while you type. Enter runs, Shift-Enter makes a new line. Buckets by{' '}
        <code>le</code>, and native histograms, are drawn as a heatmap.
      </p>
      <Expressions title="For example" texts={examplesOf(stored.data)} />
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
