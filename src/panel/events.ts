/** What happened while the data was made: annotations, new versions, buckets that changed; and exemplars. */
import type { DataFrame, Field } from '@grafana/data';
import { VERSION_LABELS } from '../shared/explain/versions.ts';
import { labelValue, type Labels } from '../shared/model/labels.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { stepChanges } from '../shared/heatmap/changes.ts';
import { formatShare } from '../viz/format.ts';
import type { Exemplar, Mark } from '../viz/marks.ts';
import type { FrameMap } from './fromFrames.ts';
import { safeHref } from './links.ts';
import { tr } from '../shared/texts/texts.ts';

/** More marks of a kind than this are a carpet. */
const MARKS_MAX = 40;
const EXEMPLARS_MAX = 5_000;
const MODEL_LABELS = ['model', 'model_name'];

const isExemplars = (frame: DataFrame): boolean =>
  frame.name === 'exemplar' || (frame.meta?.custom as { resultType?: string } | undefined)?.resultType === 'exemplar';
const fieldNamed = (frame: DataFrame, name: string): Field | undefined => frame.fields.find((f) => f.name === name);

/** Annotations of the dashboard and of the panel's queries. */
export function annotationMarks(frames: readonly DataFrame[]): Mark[] {
  const marks: Mark[] = [];
  for (const frame of frames.filter((one) => !isExemplars(one))) {
    const time = fieldNamed(frame, 'time') ?? frame.fields.find((field) => field.type === 'time');
    if (time === undefined) continue;
    const [end, title, text, tags, color] = ['timeEnd', 'title', 'text', 'tags', 'color'].map((name) =>
      fieldNamed(frame, name),
    );
    for (let i = 0; i < frame.length && marks.length < MARKS_MAX; i++) {
      const from = Number(time.values[i]);
      if (!Number.isFinite(from)) continue;
      const to = Number(end?.values[i] ?? NaN);
      const words = [title, text].map((field) => plainText(field?.values[i])).filter((part) => part !== '');
      const tagged = (tags?.values[i] as unknown[] | undefined) ?? [];
      marks.push({
        kind: 'annotation',
        time: from,
        timeEnd: to > from ? to : undefined,
        text: words.join(': ') || (Array.isArray(tagged) ? tagged.map(String).join(', ') : '') || 'Annotation',
        color: /^#[0-9a-f]{6}$/i.test(String(color?.values[i])) ? String(color?.values[i]) : undefined,
      });
    }
  }
  return marks;
}

/** Annotations may hold markup; what is drawn is text. */
const plainText = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim()
        .slice(0, 200)
    : '';

export function exemplarsOf(frames: readonly DataFrame[]): Exemplar[] {
  const found: Exemplar[] = [];
  for (const frame of frames.filter(isExemplars)) {
    const time = frame.fields.find((field) => field.type === 'time');
    const value = frame.fields.find((field) => field.name === 'Value') ?? frame.fields.find((f) => f.type === 'number');
    if (time === undefined || value === undefined) continue;
    const rest = frame.fields.filter((field) => field !== time && field !== value);
    for (let i = 0; i < frame.length && found.length < EXEMPLARS_MAX; i++) {
      const labels = rest
        .map((field) => [field.name, textOf(field.values[i])] as const)
        .filter(([, text]) => text !== '');
      found.push({
        time: Number(time.values[i]),
        value: Number(value.values[i]),
        // The trace first: it is what one looks for.
        labels: [...labels].sort(([a], [b]) => Number(/trace/i.test(b)) - Number(/trace/i.test(a))),
        href: hrefOf(rest, i),
      });
    }
  }
  return found;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : '';

function hrefOf(fields: readonly Field[], row: number): string | undefined {
  for (const field of fields) {
    const href = safeHref(field.getLinks?.({ valueRowIndex: row })[0]?.href);
    if (href !== undefined) return href;
  }
  return undefined;
}

/** Where a version's first observations come after those of others: from then on it serves. */
export function versionMarks(maps: readonly FrameMap[]): Mark[] {
  const label = VERSION_LABELS.find((name) => maps.some(({ labels }) => labelValue(labels, name) !== ''));
  if (label === undefined) return [];
  const begins = new Map<string, { time: number; first: number }>();
  for (const { model, labels } of maps) {
    const version = labelValue(labels, label);
    const served = modelName(labels);
    const key = JSON.stringify([served, version]);
    const time = firstObserved(model);
    if (version === '' || time === undefined) continue;
    const known = begins.get(key);
    const first = model.xEdges[0];
    begins.set(key, {
      time: Math.min(time, known?.time ?? Infinity),
      first: Math.min(first, known?.first ?? Infinity),
    });
  }
  const start = Math.min(...[...begins.values()].map(({ time }) => time));
  const models = new Set([...begins.keys()].map((key) => (JSON.parse(key) as string[])[0]));
  const marks: Mark[] = [];
  for (const [key, { time }] of begins) {
    const [served, version] = JSON.parse(key) as [string, string];
    if (time > start && marks.length < MARKS_MAX) {
      const text = models.size > 1 ? `${served} ${version}` : `${label} ${version}`;
      marks.push({ kind: 'version', time, text, short: version });
    }
  }
  return marks;
}

/** Versions of one model are no news on the map of another. */
export function concerns(mark: Mark, labels: Labels): boolean {
  const served = modelName(labels);
  return mark.kind !== 'version' || served === '' || !mark.text.includes(' ') || isOfModel(mark.text, served);
}

const isOfModel = (text: string, served: string): boolean =>
  text.startsWith(`${served} `) || VERSION_LABELS.some((label) => text.startsWith(`${label} `));

function modelName(labels: Labels): string {
  return MODEL_LABELS.map((name) => labelValue(labels, name)).find((value) => value !== '') ?? '';
}

function firstObserved({ counts, xEdges, yEdges }: HeatmapModel): number | undefined {
  const at = counts.findIndex((count) => count > 0);
  return at < 0 ? undefined : xEdges[Math.floor(at / (yEdges.length - 1))];
}

/** Where the buckets of a histogram change, its counters began anew, and, if asked for, its distribution changes for good. */
export function modelMarks(model: HeatmapModel, withSteps: boolean): Mark[] {
  const at = (slices: readonly number[] | undefined, kind: 'layout' | 'reset', text: string): Mark[] =>
    (slices ?? []).slice(0, MARKS_MAX).map((slice) => ({ kind, time: model.xEdges[slice], text }));
  return [
    ...at(model.layoutChanges, 'layout', tr('buckets change')),
    ...at(model.resets, 'reset', tr('counters began anew')),
    ...(withSteps && model.countUnit !== 'shareDifference'
      ? stepChanges(model).map(({ time, distance }): Mark => ({
          kind: 'change',
          time,
          text: `${formatShare(distance)} moved`,
        }))
      : []),
  ];
}
