/** Frames as the JSON that Grafana's browsers read (`dataFrameFromJSON`), for what does not pass Grafana's server as Arrow: live channels. */
import { isNull, type Frame, type FrameField } from './frame.ts';

/** Places of numbers that JSON cannot write; null stands there. */
interface Entities {
  NaN?: number[];
  Inf?: number[];
  NegInf?: number[];
}

export interface FrameJson {
  readonly schema: object;
  readonly data: { readonly values: readonly (readonly unknown[])[]; readonly entities?: readonly (Entities | null)[] };
}

export function frameToJson(frame: Frame): FrameJson {
  const columns = frame.fields.map(columnOf);
  return {
    schema: {
      name: frame.name,
      refId: frame.refId,
      meta: frame.meta,
      fields: frame.fields.map(({ name, kind, labels, config }) => ({ name, type: kind, labels, config })),
    },
    data: {
      values: columns.map(({ values }) => values),
      ...(columns.some(({ entities }) => entities !== null)
        ? { entities: columns.map(({ entities }) => entities) }
        : {}),
    },
  };
}

function columnOf(field: FrameField): { values: readonly unknown[]; entities: Entities | null } {
  if (field.kind === 'string') return { values: field.values, entities: null };
  const nulls = field.kind === 'number' ? field.nulls : undefined;
  const entities: Entities = {};
  const values = Array.from(field.values, (value, i) => {
    if (isNull(nulls, i)) return null;
    if (Number.isFinite(value)) return value;
    // A time that is none is null.
    if (field.kind === 'number') (entities[Number.isNaN(value) ? 'NaN' : value > 0 ? 'Inf' : 'NegInf'] ??= []).push(i);
    return null;
  });
  return { values, entities: Object.keys(entities).length === 0 ? null : entities };
}
