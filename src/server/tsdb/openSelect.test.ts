import fc from 'fast-check';
import fs from 'node:fs';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { fillGaps } from '../../shared/model/sampleBits.ts';
import { openTsdb } from './db.ts';
import { openSelect } from './openSelect.ts';
import { PackedChunkCache } from './partSource.ts';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
const GAP = -1;

/** Rows of blocks, and rows that are not packed yet: of most, the values rise, so that falls are where one follows the other. */
const rising = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }).map((v) => v.sort());
const any = fc.array(fc.integer({ min: GAP, max: 4 }), { minLength: 1, maxLength: 6 });
const places = fc.array(fc.oneof({ arbitrary: rising, weight: 4 }, { arbitrary: any, weight: 1 }), {
  minLength: 1,
  maxLength: 4,
});

test('a series is known never to fall only where it does not, and is so where it never fell', async () => {
  await fc.assert(
    fc.asyncProperty(places, fc.nat(20), fc.nat(20), fc.constantFrom(1, 1 / 8), async (values, a, b, unit) => {
      const folder = makeFolder();
      const db = await openTsdb({ path: folder, retention: { ageMs: 0, bytes: 0, percentage: 0 } });
      try {
        const group = db.group('g');
        group.column(labelsOf({ __name__: 'x' }));
        const rows = values.flat();
        const appender = db.appender();
        let row = 0;
        for (const [i, place] of values.entries()) {
          for (const v of place) {
            const cells = Float64Array.of(v * unit);
            if (v === GAP) fillGaps(cells);
            appender.appendRow(group, START + MINUTE * row++, cells);
          }
          await appender.commit();
          if (i < values.length - 1) await db.flush();
        }
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const range = { minTime: START + MINUTE * from, maxTime: START + MINUTE * to };
        const { select, labels, release } = db.pack!({ matchers: [], ...range });
        const sets = select.groups.map(({ refs }) => Array.from(refs, (ref) => labels(ref)));
        for (const cache of [new PackedChunkCache(), new PackedChunkCache(1e9, 0)]) {
          const [open] = await openSelect(select, sets, cache, { maxSamples: Infinity });
          if (open === undefined) continue;
          const falls = (v: number, i: number, all: readonly number[]) => v === GAP || (i > 0 && v < all[i - 1]);
          if (rows.slice(from, to + 1).some(falls)) expect(open.neverFalls!(0)).toBe(false);
          if (!rows.some(falls)) expect(open.neverFalls!(0)).toBe(true);
        }
        release();
      } finally {
        await db.close();
        fs.rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 200 },
  );
});
