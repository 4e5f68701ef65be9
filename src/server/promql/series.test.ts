import fc from 'fast-check';
import type { OpenGroup } from '../storage/queryable.ts';
import { selectedSeries } from './series.ts';

const TIMES = Float64Array.of(1000, 2000);

/** Series whose first cell is their ref; the second is that of the group, as which of several is read shows by it. */
function groupOf(refs: readonly number[], place: number): OpenGroup {
  return {
    times: TIMES,
    refs: Uint32Array.from(refs),
    labels: refs.map((ref) => [['ref', String(ref)]]),
    hasHistograms: false,
    read(series, out) {
      out.set([refs[series], place]);
      return 'full';
    },
    histograms: () => undefined,
  };
}

const groups = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }), {
  maxLength: 5,
});

test('series come by ascending ref, each once, whatever the order of groups and of refs in them', () => {
  fc.assert(
    fc.property(groups, fc.boolean(), (found, isSorted) => {
      const refs = isSorted ? found.map((own) => own.toSorted((a, b) => a - b)) : found;
      const expected = [...new Set(refs.flat())]
        .sort((a, b) => a - b)
        .map((ref) => [String(ref), ref, refs.findIndex((own) => own.includes(ref))]);
      const series = selectedSeries(refs.map(groupOf));
      expect(series.map((one) => [one.labels[0][1], ...one.read().values])).toEqual(expected);
    }),
  );
});
