/** The JSON of /api/v1/backtest. Times and durations are seconds. */

export interface ApiBacktest {
  start: number;
  end: number;
  rules: ApiBacktestedRule[];
}

export interface ApiBacktestedRule {
  group: string;
  name: string;
  type: 'alerting' | 'recording';
  query: string;
  labels: Record<string, string>;
  /** Between two evaluations. */
  interval: number;
  evaluations: number;
  failures: number;
  /** Of the first failure; left out where there is none. */
  lastError?: string;
  /** Of a recording rule: series that it would have written. */
  series?: number;
  /** The rest is an alerting rule's: its `for` and `keep_firing_for`. */
  duration?: number;
  keepFiringFor?: number;
  /** Of `alerts`, those that fired; and how long they did, added up. */
  firings?: number;
  firingSeconds?: number;
  alerts?: ApiBacktestedAlert[];
  /** Spans beyond the limit, which are not listed. */
  omitted?: number;
}

/** From when an expression held for a label set to when it did no more. */
export interface ApiBacktestedAlert {
  labels: Record<string, string>;
  /** As they were when it fired. */
  annotations: Record<string, string>;
  activeAt: number;
  /** null for one that ended before `for` was over: it never fired. */
  firedAt: number | null;
  /** null for one that goes on at the end. */
  endedAt: number | null;
  /** Of the expression, while it held. */
  lowest: string;
  highest: string;
}
