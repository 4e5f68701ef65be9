/** Grafana data frames as columns, before they become Arrow bytes. One type for every shape that the data source answers with. */

/** What Grafana and panels may read about a field; keys that Grafana's decoder knows. */
export interface FieldConfig {
  readonly displayName?: string;
  readonly displayNameFromDS?: string;
  readonly unit?: string;
  /** Milliseconds between rows, on the time field: gap detection uses it. */
  readonly interval?: number;
  readonly custom?: Readonly<Record<string, unknown>>;
}

export type FieldValues =
  /** Milliseconds since the epoch; NaN is null. */
  | { readonly kind: 'time'; readonly values: Float64Array }
  /** NaN is a value; what is null is said by `nulls`, bit i at byte i >> 3, mask 1 << (i & 7). */
  | { readonly kind: 'number'; readonly values: Float64Array; readonly nulls?: Uint8Array }
  | { readonly kind: 'string'; readonly values: readonly string[] };

export type FrameField = FieldValues & {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly config?: FieldConfig;
};

export type FrameType =
  | 'timeseries-multi'
  | 'timeseries-wide'
  | 'numeric-multi'
  | 'numeric-long'
  | 'table'
  | 'heatmap-rows'
  | 'heatmap-cells';

export interface FrameNotice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

export interface FrameMeta {
  readonly type?: FrameType;
  readonly typeVersion?: readonly [number, number];
  readonly executedQueryString?: string;
  readonly preferredVisualisationType?: 'graph' | 'table';
  readonly preferredVisualisationPluginId?: string;
  readonly dataTopic?: 'annotations';
  readonly notices?: readonly FrameNotice[];
  readonly custom?: Readonly<Record<string, unknown>>;
}

export interface Frame {
  readonly name: string;
  readonly refId: string;
  readonly meta: FrameMeta;
  /** All of one length. */
  readonly fields: readonly FrameField[];
}

export function setNull(nulls: Uint8Array, index: number): void {
  nulls[index >> 3] |= 1 << (index & 7);
}

export function clearNull(nulls: Uint8Array, index: number): void {
  nulls[index >> 3] &= ~(1 << (index & 7));
}

export function isNull(nulls: Uint8Array | undefined, index: number): boolean {
  return nulls !== undefined && (nulls[index >> 3] & (1 << (index & 7))) !== 0;
}

export function nullsFor(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3);
}
