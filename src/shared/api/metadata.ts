/** What targets tell of a metric. */
export interface MetricMetadata {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** Answer of /api/v1/metadata: by metric, what its targets tell; one entry where they agree. */
export type ApiMetadata = Readonly<Record<string, readonly MetricMetadata[]>>;
