import {
  CustomVariableSupport,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
  type QueryEditorProps,
} from '@grafana/data';
import { InlineField, TextArea } from '@grafana/ui';
import React, { useState } from 'react';
import { from, type Observable } from 'rxjs';
import type { MetricsQuery } from '../shared/api/grafanaQuery.ts';
import type { MetricsOptions } from './options.ts';

/** A variable's query as dashboards keep it. */
export interface VariableModel {
  readonly refId: string;
  readonly query: string;
}

type AnySource = DataSourceApi<MetricsQuery, MetricsOptions>;
type FindValues = (query: unknown, options: LegacyMetricFindQueryOptions) => Promise<MetricFindValue[]>;

/** Variables with an editor of their own; `find` answers as `metricFindQuery` does. */
export class MetricsVariables extends CustomVariableSupport<AnySource, VariableModel, MetricsQuery, MetricsOptions> {
  private readonly find: FindValues;

  constructor(find: FindValues) {
    super();
    this.find = find;
  }

  override editor = VariableEditor;

  override query = (request: DataQueryRequest<VariableModel>): Observable<DataQueryResponse> => {
    const target = request.targets[0] as VariableModel | string | undefined;
    const options = { scopedVars: request.scopedVars, range: request.range };
    return from(this.find(target, options).then((data) => ({ data })));
  };
}

type VariableEditorProps = QueryEditorProps<AnySource, MetricsQuery, MetricsOptions, VariableModel>;

function VariableEditor({ query, onChange }: VariableEditorProps): React.JSX.Element {
  // Dashboards of the Prometheus data source may keep the text alone.
  const kept = typeof query === 'string' ? query : (query?.query ?? '');
  const [text, setText] = useState(kept);
  return (
    <InlineField
      label="Query"
      labelWidth={20}
      grow
      tooltip="label_values(metric, label), label_values(label), label_names(), metrics(pattern), query_result(expression), or a series selector"
    >
      <TextArea
        aria-label="Variable query"
        rows={1}
        value={text}
        placeholder="label_values(model_prediction_latency_seconds_count, model)"
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => onChange({ refId: 'MetricsVariableQuery', query: text })}
      />
    </InlineField>
  );
}
