import fs from 'node:fs';
import { ALL_TIME, makeFolder } from '../../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import { openTsdb, type Tsdb } from '../../tsdb/db.ts';
import { texts } from './dump.ts';

let folder: string;
let db: Tsdb;
beforeAll(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder });
  const appender = db.appender();
  for (const path of ['', '/a', '/b.*', '(c|d)', 'e\\', '[f', '$g^', 'ü{1}'])
    for (const code of ['200', '500'])
      for (let i = 0; i < 5; i++)
        appender.append(labelsOf({ __name__: 'x', ...(path && { path }), code }), 1000 * i, i);
  await appender.commit();
});
afterAll(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

async function dumped(cellsMax: number | undefined, matcherSets: Parameters<typeof texts>[1]['matcherSets'] = []) {
  const counts = { metrics: 0, samples: 0, left: 0 };
  const pieces: string[] = [];
  for await (const text of texts(db, { matcherSets, range: ALL_TIME }, counts, () => undefined, undefined, cellsMax)) {
    pieces.push(text);
  }
  return { lines: pieces.join('').split('\n'), counts };
}

test.each([1, 7, 20, 50])(
  'a metric of more than %i cells is read in parts, with every series once and whole',
  async (cellsMax) => {
    const whole = await dumped(undefined);
    expect(whole.counts).toEqual({ metrics: 1, samples: 80, left: 0 });
    const parts = await dumped(cellsMax);
    expect(parts.counts).toEqual(whole.counts);
    expect([...parts.lines].sort()).toEqual([...whole.lines].sort());
    const names = parts.lines.slice(1, -2).map((line) => line.slice(0, line.indexOf('}')));
    const changes = names.filter((name, i) => name !== names[i - 1]);
    expect(changes).toHaveLength(new Set(names).size);
  },
);

test('a series that several selectors accept is there once', async () => {
  const code = { name: 'code', op: '=', value: '200' } as const;
  const path = { name: 'path', op: '=', value: '/a' } as const;
  for (const cellsMax of [undefined, 1]) {
    const { counts } = await dumped(cellsMax, [[code], [path]]);
    expect(counts).toEqual({ metrics: 1, samples: 45, left: 0 });
  }
});
