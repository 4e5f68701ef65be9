import { DataSourcePlugin } from '@grafana/data';
import type { MetricsQuery } from '../shared/api/grafanaQuery.ts';
import { ConfigEditor } from './config/ConfigEditor.tsx';
import { MetricsDataSource } from './DataSource.ts';
import type { MetricsOptions } from './options.ts';
import { QueryEditor } from './QueryEditor.tsx';

export const plugin = new DataSourcePlugin<MetricsDataSource, MetricsQuery, MetricsOptions>(MetricsDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
