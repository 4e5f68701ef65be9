/** Counters of the block devices. */
import { readFileSync } from 'node:fs';
import type { ExpositionPage } from '../expositionPage.ts';
import type { MachineRoots } from './roots.ts';

/** Partitions, loop and RAM devices repeat or hide what their disk counts. node_exporter leaves out the same. */
const LEFT_OUT = /^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;

/** The kernel counts sectors of 512 bytes here whatever the device's own are. */
const SECTOR_BYTES = 512;
const SECONDS = 1 / 1000;

/** Columns of /proc/diskstats after major, minor and name, in order. Older kernels give fewer; those rows are left out. */
const COLUMNS = [
  ['reads_completed_total', 'counter', 1, 'The total number of reads completed successfully.'],
  ['reads_merged_total', 'counter', 1, 'The total number of reads merged.'],
  ['read_bytes_total', 'counter', SECTOR_BYTES, 'The total number of bytes read successfully.'],
  ['read_time_seconds_total', 'counter', SECONDS, 'The total number of seconds spent by all reads.'],
  ['writes_completed_total', 'counter', 1, 'The total number of writes completed successfully.'],
  ['writes_merged_total', 'counter', 1, 'The number of writes merged.'],
  ['written_bytes_total', 'counter', SECTOR_BYTES, 'The total number of bytes written successfully.'],
  ['write_time_seconds_total', 'counter', SECONDS, 'This is the total number of seconds spent by all writes.'],
  ['io_now', 'gauge', 1, 'The number of I/Os currently in progress.'],
  ['io_time_seconds_total', 'counter', SECONDS, 'Total seconds spent doing I/Os.'],
  ['io_time_weighted_seconds_total', 'counter', SECONDS, 'The weighted # of seconds spent doing I/Os.'],
  ['discards_completed_total', 'counter', 1, 'The total number of discards completed successfully.'],
  ['discards_merged_total', 'counter', 1, 'The total number of discards merged.'],
  ['discarded_sectors_total', 'counter', 1, 'The total number of sectors discarded successfully.'],
  ['discard_time_seconds_total', 'counter', SECONDS, 'This is the total number of seconds spent by all discards.'],
  ['flush_requests_total', 'counter', 1, 'The total number of flush requests completed successfully'],
  [
    'flush_requests_time_seconds_total',
    'counter',
    SECONDS,
    'This is the total number of seconds spent by all flushes.',
  ],
] as const;

export function collectDisks(page: ExpositionPage, roots: MachineRoots): void {
  const disks = readFileSync(`${roots.proc}/diskstats`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 3 && !LEFT_OUT.test(fields[2]));
  for (const [i, [name, type, unit, help]] of COLUMNS.entries()) {
    const counted = disks.filter((fields) => fields.length > 3 + i);
    if (counted.length === 0) continue;
    page.family(`node_disk_${name}`, type, help);
    for (const fields of counted) page.sample(Number(fields[3 + i]) * unit, { device: fields[2] });
  }
}
