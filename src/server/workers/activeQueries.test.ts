import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { openActiveQueries, readActiveQueries } from './activeQueries.ts';

let file: string;
beforeEach(() => {
  file = path.join(makeFolder(), 'queries.active');
});
afterEach(() => fs.rmSync(path.dirname(file), { recursive: true }));

test('what runs is in the file, and what ended is not', () => {
  expect(readActiveQueries(file)).toEqual([]);
  const active = openActiveQueries(file, 2);
  const endFirst = active.begin('up{a="\n"}', 1_700_000_000_900);
  const endSecond = active.begin('sum(ü)', 1_700_000_001_000);
  const endUnnoted = active.begin('one too many', 0);
  expect(readActiveQueries(file).map(({ query }) => query)).toEqual(['up{a="\n"}', 'sum(ü)']);
  endFirst();
  endUnnoted();
  expect(readActiveQueries(file)).toEqual([{ query: 'sum(ü)', timestampSec: 1_700_000_001 }]);
  endSecond();
  expect(readActiveQueries(file)).toEqual([]);
  active.close();
});

test('a long query is cut, and the file keeps its size', () => {
  const active = openActiveQueries(file, 3);
  const size = fs.statSync(file).size;
  active.begin(`x_${'ü"'.repeat(5000)}`, 0);
  expect(readActiveQueries(file)[0].query).toMatch(/^x_ü"ü.*…$/);
  expect(fs.statSync(file).size).toBe(size);
  active.close();
});

test('a torn entry is told of as it is', () => {
  fs.writeFileSync(file, '{"query":"su\n   \n');
  expect(readActiveQueries(file)).toEqual([{ query: '{"query":"su', timestampSec: NaN }]);
});
