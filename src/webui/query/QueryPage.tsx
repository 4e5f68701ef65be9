import React, { useMemo } from 'react';
import { refreshChoice, useClock } from '../clock.ts';
import { createCrosshair } from '../crosshair.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { PageFrame } from '../parts/PageFrame.tsx';
import { TimeTools } from '../parts/TopBar.tsx';
import { rangeFromParams } from '../timeRange.ts';
import type { TimeRange } from '../timeRange.ts';
import { Beginning } from './Beginning.tsx';
import { ExpressionField } from './ExpressionField.tsx';
import { QUERIES_MAX, paramOf, queryCount, withQuery, withoutQuery } from './queries.ts';
import { QueryPanel } from './QueryPanel.tsx';

const RANGE_DEFAULT: TimeRange = { kind: 'last', ms: 3_600_000 };

/** Expressions and their answers, one below the other, over the same range. */
export default function QueryPage({ place }: { place: Place }) {
  const { params } = place;
  const refresh = refreshChoice(params, 'off');
  const [now, renew] = useClock(refresh);
  const crosshair = useMemo(createCrosshair, []);
  const range = rangeFromParams(params) ?? RANGE_DEFAULT;
  const count = queryCount(params);
  const exprs = Array.from({ length: count }, (_, i) => params.get(paramOf('expr', i)) ?? '');
  const isEmpty = exprs.every((expr) => expr === '');
  return (
    <PageFrame className="query" tools={<TimeTools range={range} refresh={refresh} onRenew={renew} />}>
      <h1 className="visually-hidden">Query</h1>
      {exprs.map((expr, i) => (
        <React.Fragment key={i}>
          <ExpressionField
            index={i}
            expr={expr}
            onRun={renew}
            onRemove={count === 1 ? undefined : () => setParams(withoutQuery(params, i), 'push')}
          />
          {expr !== '' && (
            <QueryPanel
              place={place}
              index={i}
              expr={expr}
              range={range}
              now={now}
              crosshair={crosshair}
              onRenew={renew}
            />
          )}
        </React.Fragment>
      ))}
      {isEmpty && <Beginning />}
      {!isEmpty && count < QUERIES_MAX && (
        <div>
          <button type="button" className="button button-small" onClick={() => setParams(withQuery(params), 'push')}>
            Add a query
          </button>
        </div>
      )}
    </PageFrame>
  );
}
