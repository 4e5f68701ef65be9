/** A process that is killed loses nothing that it had acknowledged, whatever it was doing. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { ALL_TIME, makeFolder } from '../support/tsdbSamples.ts';

/** More by hand: `ISOTHERM_KILLS=50 npx jest tests/crash/kill9`. */
const ROUNDS = Number(process.env.ISOTHERM_KILLS ?? 10);
const ROWS_BEFORE_KILL = 1500;
const ROUND_MS_MAX = 20_000;

/** Runs the writer until it has acknowledged enough rows, kills it, and gives the last time it acknowledged. */
function writeAndKill(folder: string, rows: number): Promise<number> {
  const script = path.join(import.meta.dirname, '../support/tsdbWriter.ts');
  const node = path.join(import.meta.dirname, '../../node_modules/.bin/node');
  const child = spawn(node, [script, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let acknowledged = '';
  let faults = '';
  let killed = false;
  child.stderr.on('data', (data: Buffer) => (faults += data.toString()));
  child.stdout.on('data', (data: Buffer) => {
    acknowledged += data.toString();
    if (killed || acknowledged.split('\n').length <= rows) return;
    killed = true;
    child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${faults}`));
      // A last line without its end may be half a number.
      else resolve(Number(acknowledged.split('\n').at(-2)));
    });
  });
}

test(
  `killed ${ROUNDS} times under load, every acknowledged sample is there, none twice`,
  async () => {
    const folder = makeFolder();
    let flushed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const last = await writeAndKill(folder, ROWS_BEFORE_KILL + 37 * round);
      const db = await openTsdb({ path: folder });
      const groups = await db.select({ matchers: [], ...ALL_TIME });
      expect(groups).toHaveLength(2);
      for (const { times, columns } of groups) {
        expect(times.length).toBeGreaterThanOrEqual(last);
        const wrong = Array.from(times).filter((t, i) => t !== i + 1 || columns.some(({ values }) => values[i] !== t));
        expect(wrong).toEqual([]);
      }
      expect(groups.map(({ columns }) => columns.length).sort()).toEqual([1, 50]);
      const { corruptions, recordsDropped, blocks } = db.stats();
      expect({ corruptions, recordsDropped }).toEqual({ corruptions: 0, recordsDropped: 0 });
      flushed = Math.max(flushed, blocks);
      await db.close();
    }
    fs.rmSync(folder, { recursive: true });
    expect(flushed).toBeGreaterThan(2);
  },
  ROUNDS * ROUND_MS_MAX,
);
