import React, { useState } from 'react';
import { shortened } from '../../shared/model/visible.ts';
import type { ApiHistogram, ApiSeries } from '../../shared/api/prometheus.ts';
import { Notice } from '../parts/Card.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { formatClock, formatMetric } from '../text.ts';
import type { InstantAnswer } from './ask.ts';

const ROWS_MAX = 500;

/** Values at one time, as the API wrote them: no rounding. */
export function TableView({ answer }: { answer: InstantAnswer }) {
  if (answer.rows.length === 0) {
    return (
      <Notice kind="empty" title="No series match at this time">
        <p>Check the spelling of names and labels, or look at an earlier time.</p>
      </Notice>
    );
  }
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col" className="right">
              Value at {formatClock(answer.time)}
            </th>
          </tr>
        </thead>
        <tbody>
          {answer.rows.slice(0, ROWS_MAX).map((row, i) => (
            <tr key={i}>
              <td>
                <LongLabels text={formatMetric(row.metric)} />
              </td>
              <td className="right num mono">{valueText(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {answer.rows.length > ROWS_MAX && (
        <p className="dim">and {answer.rows.length - ROWS_MAX} more; aggregate or add matchers to see them</p>
      )}
    </div>
  );
}

/** Longer texts than this begin as a few lines. */
const LABELS_CHARS_MAX = 400;

/** A label set as one text; a long one is cut after a few lines until all of it is asked for. */
export function LongLabels({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  if (text.length <= LABELS_CHARS_MAX) return <code className="labels">{text}</code>;
  return (
    <>
      <code className={`labels ${whole ? 'labels-whole' : 'clamped'}`}>
        {whole ? text : shortened(text, LABELS_CHARS_MAX)}
      </code>
      <button type="button" className="chip" aria-expanded={whole} onClick={() => setWhole(!whole)}>
        {whole ? 'Show less' : `Show all ${text.length} characters`}
      </button>{' '}
      {whole && <CopyButton label="Copy" text={() => text} />}
    </>
  );
}

function valueText(row: ApiSeries): string {
  if (row.value !== undefined) return row.value[1];
  if (row.histogram !== undefined) return histogramText(row.histogram[1]);
  return (row.values ?? []).map(([seconds, text]) => `${text} @ ${seconds}`).join('\n');
}

function histogramText({ count, sum, buckets = [] }: ApiHistogram): string {
  return `count ${count}, sum ${sum}, ${buckets.length} buckets`;
}
