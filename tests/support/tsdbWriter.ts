/** Appends rows to the store in argv[2] as fast as commits allow, and prints the time of each row that is acknowledged. For tests/crash. */
import fs from 'node:fs';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';

const COLUMNS = 50;
// Rows wait up to some place between two flushes, and are packed early from there on.
const db = await openTsdb(
  { path: process.argv[2], blockRangeMs: 300, segmentSizeMax: 10_000 },
  { rowBytesKept: 64 * 1024 },
);
const group = db.group('writer');
for (let c = 0; c < COLUMNS; c++) group.column(labelsOf({ __name__: 'm', c: String(c) }));
const row = new Float64Array(group.columnCount);
for (let t = (db.stats().maxTime ?? 0) + 1; ; t++) {
  const appender = db.appender();
  const outcome = appender.appendRow(group, t, row.fill(t));
  if (outcome !== 'ok') throw new Error(`row ${t}: ${outcome}`);
  appender.append(labelsOf({ __name__: 'single' }), t, t);
  await appender.commit({ sync: t % 10 === 0 });
  fs.writeSync(1, `${t}\n`);
}
