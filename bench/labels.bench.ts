/**
 * Looking series up among a million, in the head and in a block: label names, values and series as the HTTP API asks for them, against walking over
 * all series and their labels.
 */
import { labelsOf, labelValue } from '../src/shared/model/labels.ts';
import type { Matcher } from '../src/shared/model/matchers.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench, type Line } from './harness/report.ts';

const TARGETS = 1000;
const SERIES = 1000;
const METRICS = 200;
const ROUNDS = 7;
const ALL = { minTime: -(2 ** 50), maxTime: 2 ** 50 };

const equal = (name: string, value: string): Matcher => ({ name, op: '=', value });
const like = (name: string, value: string): Matcher => ({ name, op: '=~', value });

/** A row of each target at `t`; 200 metrics of 5 paths each. */
async function fill(db: Tsdb, t: number): Promise<void> {
  for (let i = 0; i < TARGETS; i++) {
    const group = db.group(`target ${i}`);
    for (let s = 0; s < SERIES; s++) {
      const own = { job: `job-${i % 20}`, instance: `10.0.${i >> 8}.${i & 255}:8000` };
      group.column(labelsOf({ __name__: `metric_${s % METRICS}`, path: `/p${Math.floor(s / METRICS)}`, ...own }));
    }
    const appender = db.appender();
    if (appender.appendRow(group, t, new Float64Array(SERIES).fill(i)) !== 'ok') throw new Error('a row was refused');
    await appender.commit();
  }
}

async function lookUps(db: Tsdb, where: string, add: (line: Line) => void): Promise<void> {
  const one = [[equal('__name__', 'metric_7'), equal('instance', '10.0.1.7:8000')]];
  const walk = async () => {
    const names = new Set<string>();
    for (const labels of await db.series([], ALL)) for (const [name] of labels) names.add(name);
  };
  const walked = (await medianCpuMs({ walk }, 1)).walk;
  const works = {
    'label names': () => db.labelNames([], ALL),
    'values of __name__': () => db.labelValues('__name__', [], ALL),
    'values of instance': () => db.labelValues('instance', [], ALL),
    'values of instance of a job': () => db.labelValues('instance', [[equal('job', 'job-3')]], ALL),
    'values of path of metrics like .*_1.*': () => db.labelValues('path', [[like('__name__', '.*_1.*')]], ALL),
    'label names of a metric': () => db.labelNames([[equal('__name__', 'metric_7')]], ALL),
    'series of a metric and an instance': () => db.series(one, ALL),
  };
  const found = await db.series(one, ALL);
  if (found.length !== SERIES / METRICS || labelValue(found[0], 'job') === '')
    throw new Error('the wrong series were found');
  const ms = await medianCpuMs(works, ROUNDS);
  for (const [what, ours] of Object.entries(ms)) {
    add({
      what: `${what}, ${where}`,
      unit: 'CPU ms',
      ours,
      against: 'a walk over all',
      theirs: walked,
      better: 'less',
    });
  }
}

await bench('labels', (add) =>
  inTempFolder(async (folder) => {
    const db = await openTsdb({ path: folder, blockRangeMs: Infinity });
    try {
      await fill(db, 1_700_000_000_000);
      await lookUps(db, 'head', add);
      await db.flush();
      await lookUps(db, 'block', add);
    } finally {
      await db.close();
    }
  }),
);
