/** The backend's frames, decoded. */
import type { DataFrameJSON } from '@grafana/data';
import { tableFromIPC } from 'apache-arrow';

export function tables(frames: readonly Uint8Array[]) {
  return frames.map((bytes) => {
    const table = tableFromIPC(bytes);
    const json = (map: Map<string, string>, key: string) => JSON.parse(map.get(key) ?? 'null');
    return {
      name: table.schema.metadata.get('name') ?? '',
      refId: table.schema.metadata.get('refId') ?? '',
      meta: json(table.schema.metadata, 'meta'),
      rows: table.numRows,
      fields: table.schema.fields.map((field, i) => ({
        name: field.name,
        type: field.metadata.get('tstype') ?? '',
        labels: json(field.metadata, 'labels'),
        config: json(field.metadata, 'config'),
        values: [...(table.getChildAt(i) ?? [])],
      })),
    };
  });
}

/** As the browser gets them from Grafana. */
export function asJson(frames: readonly Uint8Array[]): DataFrameJSON[] {
  return tables(frames).map(({ name, refId, meta, fields }) => ({
    schema: {
      name,
      refId,
      meta,
      fields: fields.map(({ name: field, type, labels, config }) => ({
        name: field,
        type,
        labels: labels ?? undefined,
        config: config ?? {},
      })),
    },
    data: { values: fields.map(({ values }) => values.map((value) => (Number.isNaN(value) ? null : value))) },
  })) as DataFrameJSON[];
}
