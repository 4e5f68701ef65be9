import type { PanelData } from '@grafana/data';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { FrameMap } from '../fromFrames.ts';
import { VERSION_LABELS } from '../../shared/explain/versions.ts';
import { executedExpr } from './expression.ts';
import { askHappenings } from './askHappenings.ts';
import { NOTHING_HAPPENED, toldResets, type Happenings } from './happenings.ts';

/** Asked anew after so long, or when expression, step or range change: what it tells changes seldom. */
const ASK_AGAIN_MS = 60_000;

/** What happened meanwhile, for the first query with a histogram; nothing while it is asked, where it is not wanted, and where it cannot be had. */
export function useHappenings(data: PanelData, maps: readonly FrameMap[], isWanted: boolean): Happenings {
  const [known, setKnown] = useState<{ key: string; happenings: Happenings }>();
  const asked = useRef({ key: '', at: -Infinity });
  const expr = executedExpr(data.series.find((frame) => (frame.refId ?? '') === maps[0]?.query));
  const edges = maps[0]?.model.xEdges;
  const stepMs = edges === undefined || edges.length < 2 ? 0 : edges[1] - edges[0];
  const told = toldResets(
    data.series.filter((frame) => (frame.refId ?? '') === maps[0]?.query),
    stepMs,
  );
  const hasVersions = maps.some(({ labels }) => labels.some(([name]) => VERSION_LABELS.includes(name)));
  const range = data.request?.range;
  const length = range === undefined ? 0 : range.to.valueOf() - range.from.valueOf();
  const key = isWanted && expr !== undefined && stepMs > 0 ? JSON.stringify([expr, stepMs, length, hasVersions]) : '';
  useEffect(() => {
    if (key === '' || expr === undefined) return;
    if (asked.current.key === key && Date.now() - asked.current.at < ASK_AGAIN_MS) return;
    asked.current = { key, at: Date.now() };
    askHappenings(data, expr, stepMs, { versions: !hasVersions, resets: told === undefined }).then(
      (happenings) => asked.current.key === key && setKnown({ key, happenings }),
      () => undefined, // Marks are more than what was asked for: a data source that cannot tell owes nobody an error.
    );
    // The data belongs to the key, or is newer.
  }, [key, data]);
  const happenings = known !== undefined && known.key === key ? known.happenings : NOTHING_HAPPENED;
  return useMemo(
    () => (key === '' || told === undefined ? happenings : { ...happenings, resets: told }),
    [happenings, key, JSON.stringify(told)],
  );
}
