/** Native histograms beside a real Prometheus: the same samples, the same random expressions, the same answers and notes. */
import fc from 'fast-check';
import { formatValue, type ApiHistogram } from '../../src/shared/api/prometheus.ts';
import { formatLabels, labelsOf } from '../../src/shared/model/labels.ts';
import { histogramJson } from '../../src/shared/api/histogramJson.ts';
import { createEngine, DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { QueryError, type QueryValue } from '../../src/server/storage/engine.ts';
import { histogramExpression, histogramSeries } from '../support/histogramSeries.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';
import { ANY_VERSION, beside } from '../support/prometheusProcess.ts';
import { startPrometheusWritten } from '../support/prometheusWritten.ts';

const RUNS = Number(process.env.ISOTHERM_COMPAT_RUNS ?? 300);
const SEED = Number(process.env.ISOTHERM_SEED ?? 1);
/** Rounding that adding in another order may bring. */
const RELATIVE_MAX = 1e-12;
const AN_HOUR_MS = 3_600_000;

type Cell = string | ApiHistogram;
type Answer = { readonly refused: boolean; readonly cells: Map<string, Cell>; readonly notes: readonly string[] };

const REFUSED: Answer = { refused: true, cells: new Map(), notes: [] };

async function ours(engine: ReturnType<typeof createEngine>, expr: string, at: Question): Promise<Answer> {
  try {
    const { value, warnings, infos } = await engine.query({ expr, ...at });
    return { refused: false, cells: cellsOf(value), notes: notesOf(warnings, infos) };
  } catch (fault) {
    if (fault instanceof QueryError && fault.errorType !== 'internal') return REFUSED;
    throw fault;
  }
}

/** Samples by series and time. */
function cellsOf(value: QueryValue): Map<string, Cell> {
  if (value.kind === 'raw' || value.kind === 'string') throw new Error(`${value.kind} was not asked for`);
  const { matrix, grid } = value;
  const cells = new Map<string, Cell>();
  matrix.labels.forEach((labels, s) => {
    for (let i = 0; i < grid.count; i++) {
      if ((matrix.present[s * matrix.presentStride + (i >> 3)] & (1 << (i & 7))) === 0) continue;
      const h = matrix.histograms?.get(s * grid.count + i);
      const cell = h === undefined ? formatValue(matrix.values[s * grid.count + i]) : histogramJson(h);
      const key = `${formatLabels(labels)} at ${(grid.start + i * grid.stepMs) / 1000}`;
      cells.set(key, h === undefined ? cell : (JSON.parse(cell) as ApiHistogram));
    }
  });
  return cells;
}

/**
 * Of what is said, what does not depend on how a store keeps samples: whether two histograms' resets contradict each other does, since
 * chunks forget; and how many steps needed repair is counted otherwise.
 */
const notesOf = (warnings: readonly string[] = [], infos: readonly string[] = []) =>
  [...warnings, ...infos].filter((note) => !/monotonicity|conflicting counter resets/.test(note)).sort();

interface Question {
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
}

interface ApiRow {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
  readonly histogram?: [number, ApiHistogram];
  readonly histograms?: [number, ApiHistogram][];
}

type Peer = Awaited<ReturnType<typeof startPrometheusWritten>>;

async function theirs(peer: Peer, expr: string, { start, end, stepMs }: Question): Promise<Answer> {
  const [from, to, step] = [start, end, stepMs].map((ms) => String(ms / 1000));
  const answer = (await (stepMs === 0
    ? peer.ask('/api/v1/query', { query: expr, time: from })
    : peer.ask('/api/v1/query_range', { query: expr, start: from, end: to, step }))) as {
    status: string;
    data: { result: ApiRow[] };
    warnings?: string[];
    infos?: string[];
  };
  if (answer.status !== 'success') return REFUSED;
  const cells = new Map<string, Cell>();
  for (const { metric, value, values = [], histogram, histograms = [] } of answer.data.result) {
    const samples = [...values, ...histograms, ...(value ? [value] : []), ...(histogram ? [histogram] : [])];
    for (const [t, cell] of samples) cells.set(`${formatLabels(labelsOf(metric))} at ${t}`, cell);
  }
  return { refused: false, cells, notes: notesOf(answer.warnings, answer.infos) };
}

function isClose(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'string' && typeof b === 'string') {
    const [x, y] = [Number(a), Number(b)];
    return Math.abs(x - y) <= RELATIVE_MAX * Math.max(Math.abs(x), Math.abs(y));
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return x.length === y.length && x.every(([key, v], i) => key === y[i][0] && isClose(v, y[i][1]));
}

function differenceOf(mine: Answer, other: Answer): string | undefined {
  if (mine.refused !== other.refused) return `${mine.refused ? 'ours' : 'theirs'} refused`;
  for (const key of new Set([...mine.cells.keys(), ...other.cells.keys()])) {
    const [a, b] = [mine.cells.get(key), other.cells.get(key)];
    if (!isClose(a, b)) return `${key}: ${JSON.stringify(a)} in place of ${JSON.stringify(b)}`;
  }
  if (mine.notes.join() !== other.notes.join()) return `${mine.notes.join('; ')} in place of ${other.notes.join('; ')}`;
  return undefined;
}

beside({ prometheus: [3, 14], promtool: ANY_VERSION }, 'native histograms beside Prometheus', () => {
  const start = Math.floor(Date.now() / 60_000) * 60_000 - AN_HOUR_MS;
  const data = histogramSeries(7, start, 120);
  const engine = createEngine(new MemoryQueryable(data), { ...DEFAULT_LIMITS, experimental: true });
  let peer: Peer;
  beforeAll(async () => {
    peer = await startPrometheusWritten(data);
  }, 60_000);
  afterAll(() => peer?.close());

  test.each([
    ['a range query', { start: start + 300_000, end: start + 1_700_000, stepMs: 41_000 }],
    ['an instant query', { start: start + 900_000, end: start + 900_000, stepMs: 0 }],
  ])('%s has the same answer', async (_name, at) => {
    await fc.assert(
      fc.asyncProperty(histogramExpression, async (expr) => {
        const [mine, other] = await Promise.all([ours(engine, expr, at), theirs(peer, expr, at)]);
        const difference = differenceOf(mine, other);
        if (difference !== undefined) throw new Error(`${expr}\n${difference}`);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
