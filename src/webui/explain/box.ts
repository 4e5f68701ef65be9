/** The box that is explained, as the address carries it. */
import { snapTimes } from '../../shared/explain/region.ts';
import type { MapBox } from '../../ui/HeatmapCanvas.tsx';
import { rangeParams, type Grid } from '../timeRange.ts';

export const VERSUS = ['rest', 'sameTime', 'before', '1h', '1d', 'deploy', 'value'] as const;
/** What a box is compared with; `before` is as long, just before it; durations are earlier by so much; `deploy` is all before one, `value` are series with one value of a label. */
export type Versus = (typeof VERSUS)[number];

export const VERSUS_TEXTS: Readonly<Record<Versus, string>> = {
  rest: 'everything else shown',
  sameTime: 'the same time',
  before: 'just before',
  '1h': 'an hour earlier',
  '1d': 'a day earlier',
  deploy: 'before a deploy',
  value: 'another version or value',
};

export function boxOf(params: URLSearchParams): MapBox | undefined {
  const parts = (params.get('box') ?? '').split(',');
  if (parts.length !== 4 || parts.includes('')) return undefined;
  const [from, to, lower, upper] = parts.map(parseBound);
  return to > from && upper > lower ? { from, to, lower, upper } : undefined;
}

const parseBound = (text: string): number => (/^[+-]?Inf$/.test(text) ? Number(`${text}inity`) : Number(text));

/** A bound as the API writes it. */
export function boundText(bound: number): string {
  if (bound === Infinity) return '+Inf';
  return bound === -Infinity ? '-Inf' : String(bound);
}

export function versusOf(params: URLSearchParams): Versus {
  return VERSUS.find((versus) => versus === params.get('versus')) ?? 'rest';
}

/** What dragging over a map marks; once a box is drawn, dragging marks ranges again. */
export function dragMarksOf(params: URLSearchParams): 'range' | 'box' {
  return params.get('drag') === 'box' ? 'box' : 'range';
}

type Changes = Readonly<Record<string, string | undefined>>;

/** The range that is shown is held while something in it is looked at, so that neither moves away. */
export function boxParams(
  drawn: MapBox,
  grid: Grid,
  shown: { readonly start: number; readonly end: number },
  params: URLSearchParams,
): Changes {
  const { from, to } = snapTimes(grid, drawn.from, drawn.to);
  const isMoving = params.get('start') === null;
  const range = rangeParams({ kind: 'between', ...shown });
  return {
    drag: undefined,
    box: [String(from), String(to), boundText(drawn.lower), boundText(drawn.upper)].join(','),
    ...(isMoving ? { ...range, held: range.start } : {}),
  };
}

/** Away with the box; a range that was held for it moves again, unless another one was chosen since. */
export function noBoxParams(params: URLSearchParams): Changes {
  const isHeld = params.get('held') !== null && params.get('held') === params.get('start');
  return {
    box: undefined,
    versus: undefined,
    held: undefined,
    // Maps that are compared may be so with the same moment or value.
    ...(params.has('compare') ? {} : { moment: undefined, against: undefined }),
    ...(isHeld ? { start: undefined, end: undefined } : {}),
  };
}
