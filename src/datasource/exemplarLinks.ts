/** From exemplars to their traces: links on the label that holds the trace's id. The settings' names are those of Grafana's Prometheus data source. */
import type { DataFrame, DataLink, Field } from '@grafana/data';
import { tr } from '../shared/texts/texts.ts';

export interface TraceDestination {
  /** The label, such as trace_id. */
  readonly name: string;
  /** Of the trace data source; else `url` is where it leads, with `${__value.raw}` for the id. */
  readonly datasourceUid?: string;
  readonly url?: string;
  readonly urlDisplayLabel?: string;
}

/** @param nameOf the name of a data source by its uid; undefined for one that is not there. */
export function withTraceLinks(
  frames: readonly DataFrame[],
  destinations: readonly TraceDestination[],
  nameOf: (uid: string) => string | undefined,
): DataFrame[] {
  if (destinations.length === 0) return [...frames];
  return frames.map((frame) => {
    if (frame.name !== 'exemplar') return frame;
    return { ...frame, fields: frame.fields.map((field) => withLinks(field, destinations, nameOf)) };
  });
}

function withLinks(
  field: Field,
  destinations: readonly TraceDestination[],
  nameOf: (uid: string) => string | undefined,
): Field {
  const links = destinations.filter(({ name }) => name === field.name).flatMap((one) => linkTo(one, nameOf));
  return links.length === 0
    ? field
    : { ...field, config: { ...field.config, links: [...(field.config.links ?? []), ...links] } };
}

function linkTo(
  { datasourceUid, url, urlDisplayLabel }: TraceDestination,
  nameOf: (uid: string) => string | undefined,
): DataLink[] {
  if (datasourceUid) {
    const datasourceName = nameOf(datasourceUid);
    if (datasourceName === undefined) return [];
    const title = urlDisplayLabel || tr('Query with {0}', datasourceName);
    const query = { refId: 'trace', query: '${__value.raw}', queryType: 'traceql' };
    return [{ title, url: '', internal: { query, datasourceUid, datasourceName } }];
  }
  return url ? [{ title: urlDisplayLabel || tr('Go to the trace'), url, targetBlank: true }] : [];
}
