import type { DataSourceJsonData } from '@grafana/data';
import type { ConnectionOptions } from '../shared/api/grafanaQuery.ts';
import type { TraceDestination } from './exemplarLinks.ts';

/** What the settings page keeps in plain sight. */
export type MetricsOptions = ConnectionOptions &
  DataSourceJsonData & { readonly exemplarTraceIdDestinations?: readonly TraceDestination[] };
