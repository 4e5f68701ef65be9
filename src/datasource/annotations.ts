/** Annotations from queries: where a series is there and not zero, something was so. Steps in a row are one event with a beginning and an end. */
import type { AnnotationEvent, DataFrame } from '@grafana/data';

/** Events beyond it would hide the graph, and hold up the browser. */
const EVENTS_MAX = 1_000;

/** The events in time series frames, each series for itself, by time. Names come from the legend format, tags from the labels. */
export function eventsFromFrames(frames: readonly DataFrame[]): AnnotationEvent[] {
  const events = frames.flatMap(eventsOf).sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
  return events.slice(-EVENTS_MAX);
}

function eventsOf(frame: DataFrame): AnnotationEvent[] {
  const time = frame.fields.find((field) => field.type === 'time');
  const value = frame.fields.find((field) => field.type === 'number');
  if (time === undefined || value === undefined || frame.name === 'exemplar') return [];
  const stepMs = time.config.interval ?? 0;
  const labels = Object.entries(value.labels ?? {}).filter(([name]) => name !== '__name__');
  const about = {
    title: value.config.displayNameFromDS ?? frame.name ?? '',
    text: labels.map(([name, text]) => `${name}=${text}`).join(', '),
    tags: labels.map(([, text]) => text),
  };
  const events: AnnotationEvent[] = [];
  let last: AnnotationEvent | undefined;
  for (let i = 0; i < time.values.length; i++) {
    const v: unknown = value.values[i];
    if (typeof v !== 'number' || Number.isNaN(v) || v === 0) {
      last = undefined;
      continue;
    }
    const t = Number(time.values[i]);
    if (last !== undefined && t - (last.timeEnd ?? last.time ?? 0) <= stepMs) {
      last.timeEnd = t;
      last.isRegion = true;
    } else events.push((last = { time: t, ...about }));
  }
  return events;
}
