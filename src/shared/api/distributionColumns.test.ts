import { distributionPieces, readDistribution, type ColumnsAsked, type GroupColumns } from './distributionColumns.ts';
import type { BucketLayout } from '../histogram/layout.ts';

const ASKED: ColumnsAsked = { start: 60_000, step: 60_000, slices: 2, quantiles: ['0.5'], limits: [] };
const TOLD = { expr: 'increase(x_bucket[1m])', window: 60 };

function bytesOf(groups: readonly (GroupColumns & { metric: Record<string, string> })[], warnings?: string[]): Buffer {
  return Buffer.concat([...distributionPieces({ ...TOLD, warnings }, ASKED, groups, (text) => Buffer.from(text))]);
}
const read = (bytes: Uint8Array) => readDistribution(bytes, (text) => Buffer.from(text).toString());

const classic = (...bounds: number[]): BucketLayout => ({ kind: 'classic', bounds: Float64Array.from(bounds) });
const COARSE = classic(0, 0.1, Infinity);
const FINE = classic(-0, 0.1, 0.2, Infinity);
const EXPONENTIAL: BucketLayout = {
  kind: 'exponential',
  bounds: Float64Array.of(-1, 0, 0, 1),
  schema: 0,
  zeroThreshold: 0,
  zeroBucket: 1,
};

const group = (version: string, ...layouts: BucketLayout[]) => ({
  metric: { version },
  layouts,
  layoutOf: Float64Array.of(layouts.length - 1, NaN),
  counts: Float64Array.from({ length: layouts[layouts.length - 1].bounds.length - 1 }, (_, i) => i),
  resets: version === 'v2' ? Float64Array.of(3, NaN) : undefined,
  total: Float64Array.of(1, NaN),
  mean: version === 'v2' ? Float64Array.of(0.25, NaN) : undefined,
  quantiles: [Float64Array.of(1 / 3, NaN)],
  shares: [],
});

test('groups come back, whatever their buckets and wherever the bytes lie', () => {
  const groups = [group('v1', COARSE), group('v2', COARSE, FINE), group('ü', EXPONENTIAL), group('v3', COARSE)];
  const bytes = Buffer.concat([Buffer.alloc(3), bytesOf(groups, ['half'])]).subarray(3);
  const { head, edges, groups: own } = read(bytes);
  expect(head.columns!.layouts).toEqual([
    { kind: 'classic', buckets: 2 },
    { kind: 'classic', buckets: 3 },
    { kind: 'exponential', buckets: 3, schema: 0, zeroThreshold: 0, zeroBucket: 1 },
  ]);
  expect(head.warnings).toEqual(['half']);
  expect([...edges]).toEqual([0, 60_000, 120_000]);
  expect(own.map((columns, i) => ({ metric: head.groups[i].metric, ...columns }))).toEqual(groups);
});

test('without groups there are no columns', () => {
  expect(read(bytesOf([]))).toEqual({ head: { ...TOLD, groups: [] }, edges: new Float64Array(), groups: [] });
});

test('another version, and bytes that end early, are refused', () => {
  const bytes = bytesOf([group('v1', COARSE)]);
  expect(() => read(Uint8Array.of(1, ...bytes.subarray(1)))).toThrow(/version 1, where 3 is read/);
  expect(() => read(new Uint8Array())).toThrow(/ends early/);
  for (let size = 1; size < bytes.length; size++) expect(() => read(bytes.subarray(0, size))).toThrow(/ends early/);
});
