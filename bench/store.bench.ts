/**
 * The cost of appending rows, and bytes a sample in the log, in packed chunks and in a block: against lists in memory with 16 bytes a sample
 * written as they are, and against the files of Prometheus and VictoriaMetrics with the same samples. Six hours at 15 s of ten model services with 200 series each.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { appendHistory, makeHistory, type History } from './data/history.ts';
import { PlainStore } from './data/plainStore.ts';
import { writePrometheusBlocks } from './harness/blocks.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { folderBytes, medianCpuMs } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench, type Line } from './harness/report.ts';
import { victoriaMetricsBytes } from './harness/victoriaMetrics.ts';

const RAW_BYTES = 16;
const ROUNDS = 5;
/** Rows of a round: those of a chunk, so that each round packs one for each service. */
const ROUND_ROWS = 240;
const SHAPE = { services: 10, histograms: 8, plain: 24, rows: ROUND_ROWS * (ROUNDS + 1), intervalMs: 15_000 };

type Add = (line: Line) => void;

/** Bytes a sample of ours and of another. */
function size(what: string, ours: number, against: string, theirs: number): Line {
  return { what, unit: 'bytes/sample', ours, against, theirs, better: 'less' };
}

/** Appends the whole history to ours and to the plain store, in turns. */
async function appendInTurns(history: History, tsdb: Tsdb, plain: PlainStore, add: Add): Promise<void> {
  let [ourRow, plainRow] = [0, 0];
  const { ours, theirs } = await medianCpuMs(
    {
      ours: () => appendHistory(history, tsdb, ourRow, (ourRow += ROUND_ROWS)),
      theirs: () => plain.append(plainRow, (plainRow += ROUND_ROWS)),
    },
    ROUNDS,
  );
  const samples = history.samples / (ROUNDS + 1);
  add({
    what: 'append, log and pack rows',
    unit: 'M samples/s',
    ours: samples / ours / 1e3,
    against: 'lists in memory, raw log',
    theirs: samples / theirs / 1e3,
    better: 'more',
  });
}

async function sizes(history: History, tsdb: Tsdb, folder: string, add: Add): Promise<void> {
  const { samples } = history;
  const before = tsdb.stats();
  add(size('log', before.logBytes / samples, 'raw', RAW_BYTES));
  add(size('packed chunks', before.headChunkBytes / samples, 'raw', RAW_BYTES));
  await tsdb.flush();
  const block = tsdb.stats().blockBytes / samples;
  await againstPrometheus(history, block, folder, add);
  await againstVictoriaMetrics(history, block, folder, add);
}

async function againstPrometheus(history: History, block: number, folder: string, add: Add): Promise<void> {
  const { samples } = history;
  const promtool = findPeer('promtool');
  if (typeof promtool === 'string') return add({ what: 'block against Prometheus', skipped: promtool });
  const data = path.join(folder, 'prometheus', 'data');
  fs.mkdirSync(data, { recursive: true });
  writePrometheusBlocks(promtool, history, data);
  add(size('block, index included', block, `${promtool.name}, index included`, folderBytes(data) / samples));
  const chunks = fs.readdirSync(data).reduce((sum, name) => sum + folderBytes(path.join(data, name, 'chunks')), 0);
  add(size('block, index included', block, `${promtool.name}, its chunks alone`, chunks / samples));
}

async function againstVictoriaMetrics(history: History, block: number, folder: string, add: Add): Promise<void> {
  const peer = findPeer('victoria-metrics');
  if (typeof peer === 'string') return add({ what: 'block against VictoriaMetrics', skipped: peer });
  const { data, all } = await victoriaMetricsBytes(peer, history, path.join(folder, 'victoriaMetrics'));
  add(size('block, index included', block, `${peer.name} merged, index included`, all / history.samples));
  add(size('block, index included', block, `${peer.name} merged, its samples alone`, data / history.samples));
}

await bench('store', (add) =>
  inTempFolder(async (folder) => {
    const history = makeHistory(SHAPE);
    const plain = new PlainStore(path.join(folder, 'plain.log'), history);
    // The head stays one, so that no block is written beside what is measured.
    const blockRangeMs = 2 * SHAPE.rows * SHAPE.intervalMs;
    const tsdb = await openTsdb({ path: path.join(folder, 'ours'), blockRangeMs });
    try {
      await appendInTurns(history, tsdb, plain, add);
      await sizes(history, tsdb, folder, add);
    } finally {
      plain.close();
      await tsdb.close();
    }
  }),
);
