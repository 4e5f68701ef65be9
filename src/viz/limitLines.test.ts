import { limitShares } from '../shared/heatmap/limitShares.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { valueFormat } from './format.ts';
import { limitLines, readLimits } from './limitLines.ts';

test.each([
  ['250ms, 1s', 's', [0.25, 1], ''],
  ['250 ms;2 min', 's', [0.25, 120], ''],
  ['250ms', 'ms', [250], ''],
  ['1s 250ms 250ms', 'ms', [250, 1000], ''],
  ['0.3', 's', [0.3], ''],
  ['1e3µs', 'ms', [1], ''],
  ['100', 'bytes', [100], ''],
  ['5, 4, 3, 2, 1', 's', [1, 2, 3, 4], ''],
  ['', 's', [], ''],
  ['fast', 's', [], 'fast'],
  ['250ms, 3 parsecs', 's', [0.25], '3 parsecs'],
  ['250ms', 'bytes', [], '250ms'],
  ['$slo', 's', [], '$slo'],
])('%j in %s is read as %j', (text, unit, limits, unreadable) =>
  expect(readLimits(text, unit)).toEqual({ limits, unreadable }),
);

test('a line says its share, and whether the buckets leave it open', () => {
  const model: HeatmapModel = {
    kind: 'heatmap',
    xEdges: Float64Array.of(0, 1),
    yEdges: Float64Array.of(0, 0.1, 0.5, Infinity),
    counts: Float64Array.of(90, 9, 1),
    countUnit: 'count',
    unit: 's',
    openTop: true,
    openBottom: true,
  };
  expect(limitLines(limitShares(model, [0.1, 0.3]), valueFormat('s')).map(({ text }) => text)).toEqual([
    '≤ 100 ms  90 %',
    '≤ 300 ms  ≈ 94.5 %',
  ]);
});
