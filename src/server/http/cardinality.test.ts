import fc from 'fast-check';
import { labelsFrom, type Labels } from '../../shared/model/labels.ts';
import { SeriesTable } from '../tsdb/index/seriesTable.ts';
import { cardinality, countLabels } from './cardinality.ts';

const word = fc.constantFrom('a', 'b', 'cc', 'ü', '');
const series: fc.Arbitrary<Labels> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('__name__', 'job', 'le'),
      word.filter((w) => w !== ''),
    ),
    {
      selector: ([name]) => name,
      minLength: 1,
    },
  )
  .map(labelsFrom);

test('the index counts what a walk over all series counts', () => {
  fc.assert(
    fc.property(fc.array(series), fc.integer({ min: 1, max: 5 }), (all, limit) => {
      const table = new SeriesTable();
      const distinct = new Map(all.map((labels) => [table.refOf(labels), labels]));
      expect(cardinality(table.index.counts(), limit)).toEqual(cardinality(countLabels([...distinct.values()]), limit));
    }),
  );
});
