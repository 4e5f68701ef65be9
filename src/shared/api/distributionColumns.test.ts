import { distributionPieces, readDistribution, type ColumnsAsked, type GroupColumns } from './distributionColumns.ts';

const ASKED: ColumnsAsked = { start: 60_000, step: 60_000, slices: 2, quantiles: ['0.5'], limits: [] };
const TOLD = { expr: 'increase(x_bucket[1m])', window: 60 };

function bytesOf(groups: readonly (GroupColumns & { metric: Record<string, string> })[], warnings?: string[]): Buffer {
  return Buffer.concat([...distributionPieces({ ...TOLD, warnings }, ASKED, groups, (text) => Buffer.from(text))]);
}
const read = (bytes: Uint8Array) => readDistribution(bytes, (text) => Buffer.from(text).toString());

const group = (version: string, bounds: number[]) => ({
  metric: { version },
  bounds: Float64Array.from(bounds),
  counts: Float64Array.from({ length: 2 * (bounds.length - 1) }, (_, i) => i),
  total: Float64Array.of(1, NaN),
  mean: version === 'v2' ? Float64Array.of(0.25, NaN) : undefined,
  quantiles: [Float64Array.of(1 / 3, NaN)],
  shares: [],
});

test('groups come back, whatever their buckets and wherever the bytes lie', () => {
  const groups = [group('v1', [0, 0.1, Infinity]), group('v2', [-0, 0.1, Infinity]), group('ü', [0, 0.1, Infinity])];
  const bytes = Buffer.concat([Buffer.alloc(3), bytesOf(groups, ['half'])]).subarray(3);
  const { head, edges, groups: own } = read(bytes);
  expect(head.columns!.layouts).toEqual([2, 2]);
  expect(head.warnings).toEqual(['half']);
  expect([...edges]).toEqual([0, 60, 120]);
  expect(own.map((columns, i) => ({ metric: head.groups[i].metric, ...columns }))).toEqual(groups);
});

test('without groups there are no columns', () => {
  expect(read(bytesOf([]))).toEqual({ head: { ...TOLD, groups: [] }, edges: new Float64Array(), groups: [] });
});

test('another version, and bytes that end early, are refused', () => {
  const bytes = bytesOf([group('v1', [0, 1])]);
  expect(() => read(Uint8Array.of(1, ...bytes.subarray(1)))).toThrow(/version 1, where 2 is read/);
  expect(() => read(new Uint8Array())).toThrow(/ends early/);
  for (let size = 1; size < bytes.length; size++) expect(() => read(bytes.subarray(0, size))).toThrow(/ends early/);
});
