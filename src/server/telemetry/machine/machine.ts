/**
 * Metrics of the machine under node_exporter's names and labels, read from /proc and /sys: CPU, memory, disks, file systems, network, load.
 * One read per call, nothing kept in between, nothing running in the background.
 */
import { ExpositionPage } from '../expositionPage.ts';
import { isSystemError } from '../systemError.ts';
import { collectDisks } from './disks.ts';
import { collectFilesystems } from './filesystems.ts';
import { collectKernel, collectLoad, collectMemory, collectTime, collectUname } from './kernel.ts';
import { collectNetwork } from './network.ts';
import type { MachineRoots } from './roots.ts';

export type CollectMachine = (page: ExpositionPage, roots: MachineRoots) => void | Promise<void>;

const COLLECTORS: Readonly<Record<string, CollectMachine>> = {
  diskstats: collectDisks,
  filesystem: collectFilesystems,
  loadavg: collectLoad,
  meminfo: collectMemory,
  netdev: collectNetwork,
  stat: collectKernel,
  time: collectTime,
  uname: collectUname,
};

/**
 * A page of machine metrics. A collector that cannot read what it needs (another system than Linux, a locked-down container) leaves its
 * metrics out and says so in `node_scrape_collector_success`.
 */
export async function machinePage(roots: MachineRoots = { proc: '/proc', sys: '/sys' }): Promise<string> {
  let text = '';
  const outcomes: { collector: string; seconds: number; success: number }[] = [];
  for (const [collector, collect] of Object.entries(COLLECTORS)) {
    const page = new ExpositionPage();
    const startedAt = performance.now();
    const success = await attempt(() => collect(page, roots));
    outcomes.push({ collector, seconds: (performance.now() - startedAt) / 1000, success: success ? 1 : 0 });
    if (success) text += page.text();
  }
  const page = new ExpositionPage();
  page.family('node_scrape_collector_duration_seconds', 'gauge', 'Seconds that a collector took.');
  for (const { collector, seconds } of outcomes) page.sample(seconds, { collector });
  page.family('node_scrape_collector_success', 'gauge', 'Whether a collector could read what it needs.');
  for (const { collector, success } of outcomes) page.sample(success, { collector });
  return text + page.text();
}

async function attempt(work: () => void | Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isSystemError(error)) return false; // The system's word (ENOENT, EACCES): told by the metric.
    throw error;
  }
}
