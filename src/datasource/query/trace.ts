/** How a query was answered, part by part: what it read, how long it took, and where most of the time went. */
import type { ApiPlanNode, ApiQueryPlan } from '../../shared/api/queryPlan.ts';
import { tr } from '../../shared/texts/texts.ts';

export interface TracePart {
  readonly text: string;
  /** How deep in the expression. */
  readonly depth: number;
  readonly series: number | undefined;
  readonly samples: number;
  readonly ms: number;
  /** Without what its parts took, as a share of the whole evaluation in [0, 1]. */
  readonly ownShare: number;
  readonly once: boolean;
}

export interface Trace {
  readonly parts: readonly TracePart[];
  readonly series: number | undefined;
  readonly samples: number;
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
  /** What to do about it, or that there is nothing to do. */
  readonly advice: string;
}

/** Where one part takes at least this share of the time, it is named. */
const MOST = 0.5;
const SLOW_MS = 500;
const MANY_SAMPLES_A_POINT = 200;

export function traceOf(plan: ApiQueryPlan, steps: number): Trace {
  const { parseMilliseconds, selectMilliseconds, evaluateMilliseconds, samplesRead, series } = plan;
  const parts: TracePart[] = [];
  const whole = Math.max(plan.plan.milliseconds, Number.EPSILON);
  const visit = (node: ApiPlanNode, depth: number): void => {
    if (node.kind === 'number' || node.kind === 'string') return;
    const inner = (node.children ?? []).reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    parts.push({
      text: node.expr,
      depth,
      series: node.series,
      samples: node.samples,
      ms: node.milliseconds,
      ownShare: Math.max(0, node.milliseconds - inner) / whole,
      once: node.once,
    });
    for (const child of node.children ?? []) visit(child, depth + 1);
  };
  visit(plan.plan, 0);
  return {
    parts,
    series,
    samples: samplesRead,
    stages: [
      { name: tr('read the text'), ms: parseMilliseconds },
      { name: tr('find series'), ms: selectMilliseconds },
      { name: tr('evaluate'), ms: evaluateMilliseconds },
    ],
    advice: adviceOn(parts, {
      ms: parseMilliseconds + selectMilliseconds + evaluateMilliseconds,
      selectMs: selectMilliseconds,
      samples: samplesRead,
      points: Math.max(1, series * steps),
    }),
  };
}

/** What Prometheus tells with `stats=all`: totals only. */
export interface ApiStats {
  readonly timings?: Readonly<Record<string, number>>;
  readonly samples?: { readonly totalQueryableSamples?: number };
}

const TIMINGS: Readonly<Record<string, string>> = {
  execQueueTime: tr('wait in the queue'),
  queryPreparationTime: tr('find series'),
  innerEvalTime: 'evaluate',
  resultSortTime: 'sort',
};

export function traceOfStats({ timings = {}, samples }: ApiStats, series: number): Trace {
  return {
    parts: [],
    series,
    samples: samples?.totalQueryableSamples ?? NaN,
    stages: Object.entries(TIMINGS).flatMap(([key, name]) =>
      timings[key] === undefined ? [] : [{ name, ms: timings[key] * 1000 }],
    ),
    advice: tr('This server tells totals only; an Isotherm sidecar tells each part.'),
  };
}

function adviceOn(
  parts: readonly TracePart[],
  whole: { ms: number; selectMs: number; samples: number; points: number },
): string {
  if (whole.ms < SLOW_MS) return tr('Nothing here is slow.');
  if (whole.selectMs > MOST * whole.ms)
    return tr(
      'Most of the time went into finding series: a matcher on one more label, or an exact one in place of a pattern, finds fewer.',
    );
  const perPoint = whole.samples / whole.points;
  if (perPoint > MANY_SAMPLES_A_POINT)
    return tr(
      'Each point drawn reads {0} samples: a longer step, a shorter window, or a recording rule would read fewer.',
      Math.round(perPoint),
    );
  const most = parts.reduce<TracePart | undefined>(
    (best, part) => (part.ownShare > (best?.ownShare ?? 0) ? part : best),
    undefined,
  );
  return most !== undefined && most.ownShare > MOST
    ? tr('Most of the time went into {0}.', most.text)
    : tr('The time is spread over all parts; fewer series or a shorter range would help.');
}
