/** Values of `--enable-feature` that change what a job does unless it says otherwise. */
export const SCRAPE_FEATURES = {
  startTimes: 'created-timestamp-zero-ingestion',
  extraMetrics: 'extra-scrape-metrics',
} as const;
