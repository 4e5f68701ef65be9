/** Sizes of the mounted file systems. */
import { readFileSync, type StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';

import type { ExpositionPage, PageLabels } from '../expositionPage.ts';
import type { MachineRoots } from './roots.ts';

/** What node_exporter leaves out: the kernel's own trees, container layers, and what is mounted below the usual places for such. */
const MOUNTS_LEFT_OUT =
  /^\/(dev|proc|run\/credentials\/.+|run|sys|mnt|media|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/;
const TYPES_LEFT_OUT = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs fusectl hugetlbfs iso9660 mqueue nsfs overlay proc procfs ' +
    'pstore rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs'
  ).split(' '),
);

/** A network file system whose server is gone answers never; it is reported as in error after this time. */
const STATFS_TIMEOUT_MS = 1_000;

interface Mount {
  readonly labels: PageLabels;
  readonly readonly: number;
  readonly stat: StatsFs | undefined;
}

export async function collectFilesystems(page: ExpositionPage, roots: MachineRoots): Promise<void> {
  const mounts = await Promise.all(mountsOf(readFileSync(`${roots.proc}/1/mounts`, 'utf8')).map(measure));
  const rows = [
    ['size_bytes', 'Filesystem size in bytes.', (s) => s.blocks * s.bsize],
    ['free_bytes', 'Filesystem free space in bytes.', (s) => s.bfree * s.bsize],
    ['avail_bytes', 'Filesystem space available to non-root users in bytes.', (s) => s.bavail * s.bsize],
    ['files', 'Filesystem total file nodes.', (s) => s.files],
    ['files_free', 'Filesystem total free file nodes.', (s) => s.ffree],
  ] as const satisfies readonly [string, string, (stat: NonNullable<Mount['stat']>) => number][];
  for (const [name, help, read] of rows) {
    page.family(`node_filesystem_${name}`, 'gauge', help);
    for (const { stat, labels } of mounts) if (stat !== undefined) page.sample(read(stat), labels);
  }
  page.family('node_filesystem_readonly', 'gauge', 'Filesystem read-only status.');
  for (const { stat, labels, readonly } of mounts) if (stat !== undefined) page.sample(readonly, labels);
  page.family(
    'node_filesystem_device_error',
    'gauge',
    'Whether an error occurred while getting statistics for the given device.',
  );
  for (const { stat, labels } of mounts) page.sample(stat === undefined ? 1 : 0, labels);
}

function mountsOf(text: string): { labels: PageLabels; readonly: number }[] {
  const seen = new Set<string>();
  const mounts: { labels: PageLabels; readonly: number }[] = [];
  for (const line of text.split('\n')) {
    const [device, mountpoint, fstype, options] = line.split(' ').map(unescapeMount);
    if (options === undefined || MOUNTS_LEFT_OUT.test(mountpoint) || TYPES_LEFT_OUT.has(fstype)) continue;
    const key = `${device} ${mountpoint} ${fstype}`;
    if (seen.has(key)) continue;
    seen.add(key);
    mounts.push({ labels: { device, fstype, mountpoint }, readonly: options.split(',').includes('ro') ? 1 : 0 });
  }
  return mounts;
}

/** The kernel writes blanks in names as octal escapes. */
function unescapeMount(text: string): string {
  return text.replace(/\\(040|011|012|134)/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

async function measure(mount: { labels: PageLabels; readonly: number }): Promise<Mount> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STATFS_TIMEOUT_MS);
  });
  const stat = await Promise.race([statfs(mount.labels.mountpoint, { bigint: false }).catch(() => undefined), late]);
  clearTimeout(timer);
  return { ...mount, stat };
}
