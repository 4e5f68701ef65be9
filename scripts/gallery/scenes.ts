/** Every mode of the panel, each on data of a server that it is for. */
import { createDataFrame, FieldType, type DataFrame } from '@grafana/data';
import type { HeatmapOptions } from '../../src/panel/options.ts';
import {
  BUCKETS,
  cellsFrame,
  END,
  lastHours,
  MINUTE,
  randomFrom,
  rowsFrame,
  seriesFrames,
  timesOf,
  waves,
  type Load,
  type Times,
} from './data.ts';

export interface Scene {
  /** Of the picture's file, and its place on the page. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly width: number;
  readonly height: number;
  readonly span: Times;
  readonly frames: readonly DataFrame[];
  readonly options?: Partial<HeatmapOptions>;
  readonly annotations?: readonly DataFrame[];
  /** What the data source answers to a question for all series. */
  readonly allSeries?: () => DataFrame[];
  /** Done on the panel after it is drawn: a drag over a part of it (in parts of its width and height), or a menu entry. */
  readonly drag?: readonly [fromX: number, fromY: number, toX: number, toY: number];
  readonly menu?: string;
  readonly hover?: readonly [x: number, y: number];
}

const SIX_HOURS = lastHours(6, 180);
const EXPR = (by: string, metric: string) =>
  `sum by (${['le', by].filter(Boolean).join(', ')}) (increase(${metric}_bucket[2m]))`;
const DEPLOY = END - 140 * MINUTE;

const firstToken = (median: number): Load => ({
  count: waves(900),
  parts: (time) => {
    const load = waves(1)(time);
    return [
      { weight: 0.86, median: median * load ** 0.7, spread: 0.42 },
      { weight: 0.12, median: median * 4.4 * load ** 1.2, spread: 0.5 },
      { weight: 0.02, median: median * 24, spread: 0.6 },
    ];
  },
});

const from = (begin: number, { count, parts }: Load): Load => ({
  count: (t) => (t > begin ? count(t) * Math.min(1, (t - begin) / (30 * MINUTE)) : 0),
  parts,
});
const until = (end: number, { count, parts }: Load): Load => ({
  count: (t) => count(t) * Math.max(0, Math.min(1, 1 - (t - end) / (30 * MINUTE))),
  parts,
});

const TTFT = 'vllm:time_to_first_token_seconds';
const rollout = [
  rowsFrame({ model_version: '2026-11-03' }, until(DEPLOY, firstToken(0.07)), BUCKETS.vllmFirstToken, SIX_HOURS, {
    expr: EXPR('model_version', TTFT),
    seed: 3,
  }),
  rowsFrame({ model_version: '2026-11-26' }, from(DEPLOY, firstToken(0.16)), BUCKETS.vllmFirstToken, SIX_HOURS, {
    expr: EXPR('model_version', TTFT),
    seed: 4,
  }),
];

/** One of eight instances is slow for an hour. */
const SLOW = [END - 240 * MINUTE, END - 180 * MINUTE];
const instanceLoad = (isSlow: boolean): Load => ({
  count: waves(160),
  parts: (time) => [
    { weight: isSlow && time > SLOW[0] && time < SLOW[1] ? 0.25 : 1, median: 0.09, spread: 0.4 },
    { weight: isSlow && time > SLOW[0] && time < SLOW[1] ? 0.75 : 0.02, median: 1.9, spread: 0.35 },
  ],
});
const INSTANCES = Array.from({ length: 8 }, (_, i) => ({
  labels: { instance: `gpu-${i + 1}:8000`, model: i % 2 === 0 ? 'mistral-24b' : 'qwen-32b', zone: 'abc'[i % 3] },
  load: instanceLoad(i === 4),
}));
const allInstances = (): Load => ({
  count: (t) => INSTANCES.reduce((sum, { load }) => sum + load.count(t), 0),
  parts: (t) =>
    INSTANCES.flatMap(({ load }) => {
      const parts = load.parts(t);
      const whole = parts.reduce((sum, { weight }) => sum + weight, 0);
      return parts.map((part) => ({ ...part, weight: part.weight / whole }));
    }),
});

const annotation = (time: number, text: string, timeEnd?: number): DataFrame =>
  createDataFrame({
    fields: [
      { name: 'time', type: FieldType.time, values: [time] },
      { name: 'timeEnd', type: FieldType.time, values: [timeEnd ?? time] },
      { name: 'text', type: FieldType.string, values: [text] },
      { name: 'color', type: FieldType.string, values: ['#e0752d'] },
    ],
  });

function exemplars(span: Times): DataFrame {
  const random = randomFrom(11);
  const rows = Array.from({ length: 46 }, () => ({
    t: span.from + random() * (span.to - span.from),
    v: 0.03 * Math.exp(3.6 * random()),
  })).sort((a, b) => a.t - b.t);
  return createDataFrame({
    name: 'exemplar',
    meta: { custom: { resultType: 'exemplar' } },
    fields: [
      { name: 'Time', type: FieldType.time, values: rows.map(({ t }) => t) },
      { name: 'Value', type: FieldType.number, values: rows.map(({ v }) => v) },
      {
        name: 'trace_id',
        type: FieldType.string,
        values: rows.map((_, i) => (0x9e3779b9 * (i + 1)).toString(16).slice(0, 16)),
      },
    ],
  });
}

const steady = (parts: Load['parts'], count = waves(400)): Load => ({ count, parts });
const WEEK: Times = { from: END - 7 * 24 * 60 * MINUTE, to: END, stepMs: 30 * MINUTE };
const nightly: Load = {
  count: (t) => 600 + 500 * Math.sin(((t / (60 * MINUTE)) % 24) * (Math.PI / 12) - Math.PI / 2),
  parts: (t) => {
    const hour = (t / (60 * MINUTE)) % 24;
    return [
      { weight: 1, median: 0.06, spread: 0.4 },
      { weight: hour > 2 && hour < 4.5 ? 1.6 : 0.01, median: 1.1, spread: 0.35 },
    ];
  },
};

const means = (): DataFrame[] => {
  const span = lastHours(6, 120);
  return Array.from({ length: 24 }, (_, i) => {
    const random = randomFrom(100 + i);
    const base = i % 8 === 7 ? 21_000 : 6_200;
    return createDataFrame({
      refId: 'A',
      meta: {
        executedQueryString:
          'Expr: rate(nv_inference_request_duration_us[5m]) / rate(nv_inference_request_success[5m])\nStep: 3m',
      },
      fields: [
        { name: 'Time', type: FieldType.time, values: timesOf(span), config: { interval: span.stepMs } },
        {
          name: 'Value',
          type: FieldType.number,
          labels: { instance: `triton-${i}` },
          config: { unit: 'µs' },
          values: timesOf(span).map((t) => base * (1 + 0.16 * (random() - 0.5)) * (0.85 + 0.25 * waves(1)(t))),
        },
      ],
    });
  });
};

const gappy: Load = {
  count: (t) =>
    t > END - 250 * MINUTE && t < END - 225 * MINUTE
      ? NaN
      : t > END - 70 * MINUTE && t < END - 55 * MINUTE
        ? 0
        : waves(60)(t),
  parts: () => [
    { weight: 1, median: 900, spread: 0.7 },
    { weight: 0.08, median: 60_000, spread: 0.5 },
  ],
};

export const SCENES: readonly Scene[] = [
  {
    id: 'versions',
    title: 'A rollout, version by version',
    text: 'vLLM, time to first token. The new version is marked without being asked for; quantile lines and a limit with the share under it.',
    width: 1100,
    height: 460,
    span: SIX_HOURS,
    frames: rollout,
    options: { limits: '250ms' },
    annotations: [annotation(END - 300 * MINUTE, 'Node drained', END - 285 * MINUTE)],
  },
  {
    id: 'explain',
    title: 'Why these?',
    text: 'A box over the slow requests. The panel counts every series of the histogram and says which labels set them apart.',
    width: 1100,
    height: 440,
    span: SIX_HOURS,
    frames: [
      rowsFrame({}, allInstances(), BUCKETS.python, SIX_HOURS, { expr: EXPR('', 'request_latency_seconds'), seed: 9 }),
    ],
    options: { quantiles: [0.5, 0.95] },
    allSeries: () =>
      INSTANCES.flatMap(({ labels, load }, i) => seriesFrames(labels, load, BUCKETS.python, SIX_HOURS, 20 + i)),
    drag: [0.362, 0.07, 0.502, 0.3],
  },
  {
    id: 'difference',
    title: 'What the new version changed',
    text: 'Each time’s shares less those before the deploy: blue is less, orange more. More load is no difference.',
    width: 1100,
    height: 360,
    span: SIX_HOURS,
    frames: [
      rowsFrame(
        {},
        { count: waves(900), parts: (t) => firstToken(t < DEPLOY ? 0.07 : 0.13).parts(t) },
        BUCKETS.vllmFirstToken,
        SIX_HOURS,
        { expr: EXPR('', TTFT), seed: 5 },
      ),
    ],
    options: { compare: 'before' },
    annotations: [annotation(DEPLOY, 'Deploy 2026-11-26')],
  },
  {
    id: 'side',
    title: 'The distribution beside the map',
    text: 'Over all times, with the share up to each value as a line; over it that of the column under the pointer.',
    width: 720,
    height: 340,
    span: SIX_HOURS,
    frames: [rowsFrame({}, firstToken(0.09), BUCKETS.vllmFirstToken, SIX_HOURS, { expr: EXPR('', TTFT), seed: 6 })],
    options: { side: true, limits: '1s', palette: 'ember' },
    hover: [0.42, 0.5],
  },
  {
    id: 'native',
    title: 'A native histogram with exemplars',
    text: 'Buckets that grow by 9 %; diamonds are observations with a trace.',
    width: 720,
    height: 340,
    span: SIX_HOURS,
    frames: [
      cellsFrame(
        {},
        { ...firstToken(0.09), count: waves(2500) },
        SIX_HOURS,
        3,
        'sum(increase(request_latency_seconds[2m]))',
      ),
    ],
    annotations: [exemplars(SIX_HOURS)],
    options: { palette: 'lagoon', quantiles: [0.5, 0.99] },
  },
  {
    id: 'layout',
    title: 'An upgrade changes the buckets',
    text: 'vLLM before and after: each time has its own bounds, nothing is rebucketed, and the change is marked.',
    width: 720,
    height: 340,
    span: SIX_HOURS,
    frames: [twoLayouts()],
  },
  {
    id: 'share',
    title: 'Share of the column',
    text: 'Quiet hours read as well as busy ones.',
    width: 720,
    height: 300,
    span: SIX_HOURS,
    frames: [
      rowsFrame(
        {},
        { ...firstToken(0.09), count: (t) => 40 + 4000 * Math.max(0, Math.sin((t - END) / (100 * MINUTE))) ** 4 },
        BUCKETS.vllmFirstToken,
        SIX_HOURS,
        { expr: EXPR('', TTFT), seed: 8 },
      ),
    ],
    options: { colorBy: 'columnShare', quantiles: [0.5] },
  },
  {
    id: 'density',
    title: 'Density on a linear axis',
    text: 'Observations for each second of height: tall buckets do not look fuller than they are.',
    width: 720,
    height: 300,
    span: SIX_HOURS,
    frames: [
      rowsFrame(
        {},
        steady(() => [{ weight: 1, median: 1.6, spread: 0.55 }]),
        BUCKETS.vllmRequest.slice(0, 9),
        SIX_HOURS,
        { expr: EXPR('', 'vllm:e2e_request_latency_seconds'), seed: 12 },
      ),
    ],
    options: { yScale: 'linear', colorBy: 'density', quantiles: [0.5, 0.9], palette: 'ember' },
  },
  {
    id: 'overlay',
    title: 'Versions over each other',
    text: 'One map of all, lines of each.',
    width: 720,
    height: 320,
    span: SIX_HOURS,
    frames: rollout,
    options: { several: 'overlay', quantiles: [0.5, 0.95] },
  },
  {
    id: 'fold',
    title: 'A week by hour of day',
    text: 'What runs every night stands out at once.',
    width: 720,
    height: 320,
    span: WEEK,
    frames: [rowsFrame({}, nightly, BUCKETS.python, WEEK, { expr: EXPR('', 'request_latency_seconds'), seed: 13 })],
    options: { fold: 'day', quantiles: [0.5, 0.95] },
  },
  {
    id: 'means',
    title: 'A server without histograms',
    text: 'Triton has sums and counts: drawn are the means of its instances, and the panel says that they are means.',
    width: 720,
    height: 320,
    span: lastHours(6, 120),
    frames: means(),
    options: { quantiles: [0.5], palette: 'lagoon' },
  },
  {
    id: 'changes',
    title: 'Steps, modes and error bands',
    text: 'Where the distribution changes for good, values round which observations gather, and the bucket that p95 lies in.',
    width: 720,
    height: 320,
    span: SIX_HOURS,
    frames: [
      rowsFrame(
        {},
        steady((t) => [
          { weight: 1, median: t < END - 150 * MINUTE ? 0.012 : 0.03, spread: 0.35 },
          { weight: 0.35, median: 0.7, spread: 0.25 },
        ]),
        BUCKETS.embeddings,
        SIX_HOURS,
        { expr: EXPR('', 'te_request_duration_seconds'), seed: 14 },
      ),
    ],
    options: { changes: true, bands: true, quantiles: [0.5, 0.95] },
  },
  {
    id: 'gaps',
    title: 'No data, nothing observed, something',
    text: 'TensorFlow Serving, in microseconds: a hatch where there is no data, a plain tint where nothing was observed.',
    width: 720,
    height: 320,
    span: SIX_HOURS,
    frames: [
      rowsFrame({}, gappy, BUCKETS.tensorflowServing, SIX_HOURS, {
        expr: EXPR('', ':tensorflow:serving:request_latency'),
        seed: 15,
      }),
    ],
    options: { unit: 'µs', palette: 'graphite' },
  },
  {
    id: 'doctor',
    title: 'Do these buckets serve?',
    text: 'What a histogram cannot answer, and buckets that would.',
    width: 720,
    height: 420,
    span: SIX_HOURS,
    frames: [
      rowsFrame(
        {},
        steady(() => [
          { weight: 1, median: 0.16, spread: 0.6 },
          { weight: 0.06, median: 1.5, spread: 0.5 },
        ]),
        [0.1, 0.5, 1],
        SIX_HOURS,
        { expr: EXPR('', 'http_request_duration_seconds'), seed: 16 },
      ),
    ],
    options: { limits: '250ms' },
    menu: 'Check the buckets',
  },
  {
    id: 'table',
    title: 'As a table',
    text: 'For readers, and for eyes that do not read maps.',
    width: 720,
    height: 300,
    span: SIX_HOURS,
    frames: [
      rowsFrame({}, firstToken(0.09), BUCKETS.vllmFirstToken.slice(5, 14), SIX_HOURS, {
        expr: EXPR('', TTFT),
        seed: 6,
      }),
    ],
    menu: 'Show as a table',
  },
  {
    id: 'small',
    title: 'Small',
    text: '300 by 200 pixels.',
    width: 300,
    height: 200,
    span: SIX_HOURS,
    frames: [rowsFrame({}, firstToken(0.09), BUCKETS.vllmFirstToken, SIX_HOURS, { expr: EXPR('', TTFT), seed: 6 })],
  },
];

/** Old buckets until an upgrade, then new ones. */
function twoLayouts(): DataFrame {
  const load = steady(() => [{ weight: 1, median: 4, spread: 0.9 }], waves(300));
  const upgrade = END - 170 * MINUTE;
  const expr = EXPR('', 'vllm:e2e_request_latency_seconds');
  const old = rowsFrame({}, load, BUCKETS.vllmOldRequest, SIX_HOURS, { expr, seed: 17 });
  const now = rowsFrame({}, load, BUCKETS.vllmRequest, SIX_HOURS, { expr, seed: 18 });
  const [time] = now.fields;
  const names = [...new Set([...old.fields, ...now.fields].slice(1).map(({ name }) => name))].filter(
    (name) => name !== 'Time',
  );
  const fieldOf = (frame: DataFrame, name: string) => frame.fields.find((field) => field.name === name);
  return {
    ...now,
    fields: [
      time,
      ...names.map((name) => ({
        ...(fieldOf(now, name) ?? fieldOf(old, name)!),
        values: time.values.map((t: number, i: number) => fieldOf(t < upgrade ? old : now, name)?.values[i] ?? null),
      })),
    ],
  };
}
