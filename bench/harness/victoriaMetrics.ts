/** The same samples in VictoriaMetrics' own files. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pagesOf, type History } from '../data/history.ts';
import { folderBytes } from './measure.ts';
import type { Peer } from './peers.ts';
import { startVictoriaMetrics, type Server } from './server.ts';

/** Its folder stays the same for this long when its merges are done. */
const QUIET_MS = 3_000;
const SETTLE_MS_MAX = 60_000;

/** Imports the history over loopback, has all of it merged, and gives the bytes of its samples, and of them and its index. */
export async function victoriaMetricsBytes(
  peer: Peer,
  history: History,
  folder: string,
): Promise<{ data: number; all: number }> {
  fs.mkdirSync(folder, { recursive: true });
  const data = path.join(folder, 'data');
  const server = await startVictoriaMetrics(peer, { data, config: undefined }, ['-retentionPeriod=100y']);
  try {
    await importInto(server, history);
    await ask(`${server.url}/internal/force_merge`);
    await settled(data);
  } finally {
    await server.stop();
  }
  return { data: folderBytes(path.join(data, 'data')), all: folderBytes(data) };
}

/** Imports the history into a server that keeps it long enough. */
export async function importInto({ url }: Server, history: History): Promise<void> {
  for (const page of pagesOf(history)) await ask(`${url}/api/v1/import/prometheus`, page);
  await ask(`${url}/internal/force_flush`);
  await assertSamples(url, history);
}

async function ask(url: string, body?: string): Promise<string> {
  const answer = await fetch(url, body === undefined ? {} : { method: 'POST', body });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer.text();
}

/** All of it is there: a peer that dropped samples would look small. */
async function assertSamples(url: string, { samples }: History): Promise<void> {
  const metrics = await ask(`${url}/metrics`);
  const rows = [...metrics.matchAll(/^vm_rows\{type="storage\/(?:small|big|inmemory)"\} (\d+)/gm)];
  const found = rows.reduce((sum, [, count]) => sum + Number(count), 0);
  if (found !== samples) throw new Error(`the peer holds ${found} samples of ${samples}`);
}

/** Waits until its merges have ended. */
async function settled(folder: string): Promise<void> {
  const deadline = Date.now() + SETTLE_MS_MAX;
  for (let [bytes, since] = [-1, Date.now()]; Date.now() - since < QUIET_MS; await sleep(200)) {
    const now = folderBytes(folder);
    if (now !== bytes) [bytes, since] = [now, Date.now()];
    if (Date.now() > deadline) throw new Error('the peer is still merging; its size would be wrong');
  }
}
