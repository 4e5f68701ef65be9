/** What the server tells of itself: the JSON that the pages read. */

export interface ApiRunningQuery {
  readonly id: string;
  readonly query: string;
  /** Seconds since 1970; equal for an instant query. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly client: string;
  readonly startedAt: string;
}

export interface ApiRunningQueries {
  readonly active: readonly (ApiRunningQuery & { readonly seconds: number })[];
  /** Of the last day, slowest first. */
  readonly slow: readonly (ApiRunningQuery & {
    readonly seconds: number;
    readonly error?: string;
  })[];
}

export interface ApiNotification {
  readonly text: string;
  readonly date: string;
  readonly active: boolean;
}

/** A block as upstream tells of it, and its bytes. */
export interface ApiBlock {
  readonly ulid: string;
  /** Milliseconds. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly stats: { readonly numSeries: number; readonly numChunks: number; readonly numBytes: number };
  readonly compaction: { readonly level: number; readonly sources: readonly string[] };
  readonly version: number;
}

/** A query that is kept on the server. */
export interface ApiSavedQuery {
  readonly name: string;
  readonly query: string;
  readonly savedAt: string;
}
