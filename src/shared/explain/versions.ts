/** Versions of what is observed: the labels that tell them, and when one is new. */

/** Labels by which serving systems tell versions, most telling first. */
export const VERSION_LABELS: readonly string[] = [
  'model_version',
  'version',
  'revision',
  'release',
  'build',
  'image_tag',
  'commit',
];

export interface VersionSeen {
  readonly version: string;
  /** Milliseconds: the first step at which it is there. */
  readonly time: number;
}

/** Versions that were not there when the first one was: each is new from its first step on. Ascending by time. */
export function newVersions(seen: readonly VersionSeen[]): VersionSeen[] {
  const ascending = [...seen].sort((a, b) => a.time - b.time);
  const isFirst = ({ version }: VersionSeen, i: number) => ascending.findIndex((one) => one.version === version) === i;
  return ascending.filter(isFirst).filter(({ time }) => time > ascending[0].time);
}
