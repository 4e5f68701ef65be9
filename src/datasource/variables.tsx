import {
  CustomVariableSupport,
  type DataQueryRequest,
  type DataQueryResponse,
  type QueryEditorProps,
} from '@grafana/data';
import { InlineField, TextArea } from '@grafana/ui';
import React, { useState } from 'react';
import { from, type Observable } from 'rxjs';
import type { MetricsQuery } from '../shared/api/grafanaQuery.ts';
import type { MetricsDataSource, MetricsOptions } from './DataSource.ts';

/** A variable's query as dashboards keep it. */
export interface VariableModel {
  readonly refId: string;
  readonly query: string;
}

/** Variables with an editor of their own; values come from the same functions that `metricFindQuery` answers. */
export class MetricsVariables extends CustomVariableSupport<
  MetricsDataSource,
  VariableModel,
  MetricsQuery,
  MetricsOptions
> {
  private readonly source: MetricsDataSource;

  constructor(source: MetricsDataSource) {
    super();
    this.source = source;
  }

  override editor = VariableEditor;

  override query = (request: DataQueryRequest<VariableModel>): Observable<DataQueryResponse> => {
    const target = request.targets[0] as VariableModel | string | undefined;
    const options = { scopedVars: request.scopedVars, range: request.range };
    return from(this.source.metricFindQuery(target, options as never).then((data) => ({ data })));
  };
}

type VariableEditorProps = QueryEditorProps<MetricsDataSource, MetricsQuery, MetricsOptions, VariableModel>;

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
