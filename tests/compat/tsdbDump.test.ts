/** What `isotherm tsdb dump` prints, Prometheus' own tool makes blocks of, with the same samples in them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { PROMTOOL } from '../support/prometheusProcess.ts';
import { runIsotherm, tempFolder } from '../support/sidecar.ts';

const beside = spawnSync(PROMTOOL, ['--version']).status === 0 ? describe : describe.skip;

const START = 1_700_000_000_000;

beside('dump into Prometheus blocks (needs promtool on PATH)', () => {
  test('every sample is there, to the last bit', async () => {
    const base = tempFolder();
    const folder = join(base, 'data');
    const db = await openTsdb({ path: folder });
    const values = [0, 1.5, -2e-300, Infinity, -Infinity, NaN, 0.1 + 0.2, 1e21, 123456789.125, 5e-324];
    const group = db.group('g');
    const series = ['a', 'b "q"\n\\', 'ü'].map((path) => labelsOf({ __name__: 'x_total', path, job: 'j' }));
    for (const labels of series) group.column(labels);
    for (const [i, v] of values.entries()) {
      const appender = db.appender();
      appender.appendRow(group, START + i * 15_123, Float64Array.of(v, i, -v));
      await appender.commit();
    }
    await db.close();
    const file = join(base, 'all.om');
    expect((await runIsotherm(['tsdb', 'export', folder, file])).code).toBe(0);
    const blocks = join(base, 'blocks');
    const made = spawnSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', file, blocks], { encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, expect.any(String)]);
    mkdirSync(join(blocks, 'wal')); // The tool wants to see one.
    const dumped = spawnSync(PROMTOOL, ['tsdb', 'dump', blocks], { encoding: 'utf8' }).stdout;
    const found = dumped
      .trim()
      .split('\n')
      .map((line) => /path="((?:[^"\\]|\\.)*)"} (\S+) (\d+)$/.exec(line)!.slice(1));
    const expected = ['a', 'b \\"q\\"\\n\\\\', 'ü'].flatMap((path, column) =>
      values.map((v, i) => [path, [v, i, -v][column], START + i * 15_123]),
    );
    const numberOf = (text: string) => Number(text.replace('Inf', 'Infinity'));
    expect(found.map(([path, v, t]) => [path, numberOf(v), Number(t)])).toEqual(expected);
  });
});
