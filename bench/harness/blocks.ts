/** Prometheus' own blocks of the same samples. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { writeOpenMetrics, type History } from '../data/history.ts';
import type { Peer } from './peers.ts';

/** Fills a data folder for Prometheus with its own tool. */
export function writePrometheusBlocks(promtool: Peer, history: History, folder: string): void {
  const page = path.join(folder, '..', 'history.om');
  writeOpenMetrics(history, page);
  const args = ['tsdb', 'create-blocks-from', 'openmetrics', page, folder];
  const made = spawnSync(promtool.command, args, { encoding: 'utf8' });
  fs.rmSync(page);
  if (made.status !== 0) throw new Error(`${promtool.command} could not import the samples: ${made.stderr}`);
}
