/** What the panel finds out unasked: versions told by `build_info`, and counters that began anew where a rate hides it. */
import type { DataFrame } from '@grafana/data';
import { newVersions } from '../../shared/explain/versions.ts';
import { labelsOf, type Labels } from '../../shared/model/labels.ts';
import type { Mark } from '../../viz/marks.ts';

export interface Happenings {
  readonly versions: readonly Mark[];
  readonly resets: readonly Reset[];
}

export interface Reset {
  /** Of the maps that it concerns. */
  readonly labels: Labels;
  /** Milliseconds: the begin of the slice. */
  readonly time: number;
}

export const NOTHING_HAPPENED: Happenings = { versions: [], resets: [] };
const MARKS_MAX = 40;

interface Points {
  readonly labels: Record<string, string>;
  /** Milliseconds at which there is a value. */
  readonly times: readonly number[];
}

function pointsOf(frames: readonly DataFrame[]): Points[] {
  return frames.flatMap(({ fields }) => {
    const time = fields.find(({ type }) => type === 'time');
    return fields
      .filter(({ type }) => type === 'number')
      .map(({ labels, values }) => ({
        labels: labels ?? {},
        times: Array.from((time?.values ?? []) as ArrayLike<number>).filter((_, i) => Number.isFinite(values[i])),
      }));
  });
}

/** A version that was not there when the first one was is new from its first step on. */
export function versionsOf(frames: readonly DataFrame[]): Mark[] {
  const seen = pointsOf(frames)
    .filter(({ labels, times }) => (labels.version ?? '') !== '' && times.length > 0)
    .map(({ labels, times }) => ({ version: labels.version, time: times[0] }));
  return newVersions(seen)
    .slice(0, MARKS_MAX)
    .map(({ version, time }): Mark => ({ kind: 'version', time, text: `version ${version}`, short: version }));
}

export function resetsOf(frames: readonly DataFrame[], stepMs: number): Reset[] {
  return pointsOf(frames)
    .flatMap(({ labels, times }) =>
      times
        .filter((time, i) => i === 0 || time - times[i - 1] > stepMs)
        .map((time): Reset => ({ labels: labelsOf(labels), time: time - stepMs })),
    )
    .slice(0, MARKS_MAX);
}

/** What frames tell of resets by themselves, as those of our data source do; undefined where they do not. */
export function toldResets(frames: readonly DataFrame[], stepMs: number): Reset[] | undefined {
  const told = frames.map(({ meta }) => meta?.custom?.resets as readonly number[] | undefined);
  if (told.length === 0 || told.includes(undefined)) return undefined;
  const resets = frames.flatMap(({ fields }, i) => {
    const { le: _bound, ...labels } = fields[fields.length - 1]?.labels ?? {};
    return told[i]!.map((time): Reset => ({ labels: labelsOf(labels), time: time - stepMs }));
  });
  return resets.slice(0, MARKS_MAX);
}
