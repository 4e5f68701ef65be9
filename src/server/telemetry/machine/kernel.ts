/** CPU time, kernel counters, memory, load, clock and name of the machine. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { ExpositionPage } from '../expositionPage.ts';
import type { MachineRoots } from './roots.ts';

/** /proc counts CPU time in ticks of USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** The order of the columns of a `cpu` line of /proc/stat. */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
const GUEST_MODES = ['user', 'nice'] as const;

const STAT_ROWS = [
  ['intr', 'node_intr_total', 'counter', 'Total number of interrupts serviced.'],
  ['ctxt', 'node_context_switches_total', 'counter', 'Total number of context switches.'],
  ['processes', 'node_forks_total', 'counter', 'Total number of forks.'],
  ['btime', 'node_boot_time_seconds', 'gauge', 'When the machine was started, in seconds since 1970.'],
  ['procs_running', 'node_procs_running', 'gauge', 'Number of processes that could run.'],
  ['procs_blocked', 'node_procs_blocked', 'gauge', 'Number of processes that wait for input or output.'],
] as const;

export function collectKernel(page: ExpositionPage, roots: MachineRoots): void {
  const rows = readFileSync(`${roots.proc}/stat`, 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/));
  const cpus = rows.filter(([key]) => /^cpu\d+$/.test(key));
  page.family('node_cpu_seconds_total', 'counter', 'Seconds the CPUs spent in each mode.');
  for (const [key, ...ticks] of cpus) {
    for (const [i, mode] of MODES.entries()) {
      page.sample(Number(ticks[i] ?? 0) / TICKS_PER_SECOND, { cpu: key.slice(3), mode });
    }
  }
  page.family('node_cpu_guest_seconds_total', 'counter', 'Seconds the CPUs spent in guests (VMs) for each mode.');
  for (const [key, ...ticks] of cpus) {
    for (const [i, mode] of GUEST_MODES.entries()) {
      page.sample(Number(ticks[MODES.length + i] ?? 0) / TICKS_PER_SECOND, { cpu: key.slice(3), mode });
    }
  }
  for (const [key, name, type, help] of STAT_ROWS) {
    const row = rows.find((r) => r[0] === key);
    if (row !== undefined) page.family(name, type, help).sample(Number(row[1]));
  }
}

export function collectMemory(page: ExpositionPage, roots: MachineRoots): void {
  for (const line of readFileSync(`${roots.proc}/meminfo`, 'utf8').split('\n')) {
    const field = /^([^:]+):\s+(\d+)( kB)?$/.exec(line);
    if (field === null) continue;
    const unit = field[3] === undefined ? '' : '_bytes';
    const name = field[1].replace(/\((.*)\)/g, '_$1') + unit;
    const value = Number(field[2]) * (unit === '' ? 1 : 1024);
    page.family(`node_memory_${name}`, 'gauge', `Memory information field ${name}.`).sample(value);
  }
}

export function collectLoad(page: ExpositionPage, roots: MachineRoots): void {
  const loads = readFileSync(`${roots.proc}/loadavg`, 'utf8').split(' ');
  for (const [i, minutes] of [1, 5, 15].entries()) {
    page.family(`node_load${minutes}`, 'gauge', `${minutes}m load average.`).sample(Number(loads[i]));
  }
}

export function collectTime(page: ExpositionPage): void {
  page.family('node_time_seconds', 'gauge', 'System time in seconds since epoch (1970).').sample(Date.now() / 1000);
}

export function collectUname(page: ExpositionPage, roots: MachineRoots): void {
  page
    .family('node_uname_info', 'gauge', 'Labeled system information as provided by the uname system call.')
    .sample(1, {
      domainname: readFileSync(`${roots.proc}/sys/kernel/domainname`, 'utf8').trim(),
      machine: os.machine(),
      nodename: os.hostname(),
      release: os.release(),
      sysname: os.type(),
      version: os.version(),
    });
}
