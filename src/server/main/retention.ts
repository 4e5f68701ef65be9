/** What is kept: the configuration file goes before the flags, and 0 is "not said" in both, as upstream has it. */
import { formatDuration } from '../../shared/model/durations.ts';
import type { Flags } from '../cli/flagTable.ts';
import type { StorageConfig } from '../config/config.ts';
import type { Retention } from '../tsdb/db.ts';

/** Where neither time nor bytes nor a share is said. */
const AGE_MS_DEFAULT = 15 * 24 * 3_600_000;

export function retentionOf(
  flags: Pick<Flags, 'storage.tsdb.retention.time' | 'storage.tsdb.retention.size'>,
  storage: Pick<StorageConfig, 'retentionMs' | 'retentionBytes' | 'retentionPercentage'>,
): Retention {
  const ageMs = storage.retentionMs || flags['storage.tsdb.retention.time'];
  const bytes = storage.retentionBytes || flags['storage.tsdb.retention.size'];
  const percentage = storage.retentionPercentage ?? 0;
  const isSaid = ageMs > 0 || bytes > 0 || percentage > 0;
  return { ageMs: isSaid ? ageMs : AGE_MS_DEFAULT, bytes, percentage };
}

/** Such as `15d or 512MiB`. */
export function retentionText({ ageMs, bytes, percentage }: Retention): string {
  const parts = ageMs > 0 ? [formatDuration(ageMs)] : [];
  if (percentage > 0) parts.push(`${percentage}% of the disk`);
  else if (bytes > 0) parts.push(sizeText(bytes));
  return parts.join(' or ');
}

/** In the largest unit that leaves no rest. */
function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  for (; bytes >= 1024 && bytes % 1024 === 0 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes}${units[unit]}`;
}
